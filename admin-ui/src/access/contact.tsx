import { Link as TextLink } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'

type ContactProps = {
  /** Whom to ask, as an address or in words; null where nobody is named. */
  readonly of: string | null
  readonly sentence: 'access.contact' | 'access.add_on_contact'
}

const isAddress = (contact: string): boolean => /^[^\s@<>?&]+@[^\s@<>?&]+\.[^\s@<>?&]+$/.test(contact)

/** Whom to ask, as a sentence; an address in it leads to a message. */
export const Contact = ({ of, sentence }: ContactProps): ReactNode => {
  const text = useText()
  if (of === null || !isAddress(of)) return text(sentence, { contact: visible(of ?? text('access.support')) })
  // The place of the address differs between languages.
  const [before, after] = text(sentence, { contact: '\0' }).split('\0')
  return (
    <>
      {before}
      <TextLink href={`mailto:${of}`}>
        <bdi>{visible(of)}</bdi>
      </TextLink>
      {after}
    </>
  )
}
