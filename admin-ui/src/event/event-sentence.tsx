import { Fragment, type ReactNode } from 'react'
import { useReadersLocale } from '../text/use-text.ts'
import { visible } from '../text/visible.ts'
import { formatNumber } from '../time/format.ts'
import type { SentencePart } from './event.ts'
import { visibleByHits } from './split-by-hits.ts'

const names = new Set(['actor', 'object', 'owner'])

/** How many rows an export had. */
const Count = ({ text }: { text: string }): ReactNode => {
  const locale = useReadersLocale()
  return <span className="name">{/^\d{1,15}$/.test(text) ? formatNumber(Number(text), locale) : visible(text)}</span>
}

type EventSentenceProps = {
  readonly parts: readonly SentencePart[]
  /** The search whose words are marked. */
  readonly query?: string
}

/**
 * The sentence of an entry, as the database wrote it, with its names emphasised and kept apart from the direction of
 * the text around them. The words of a search are marked in the names. Used wherever an entry is spoken of.
 */
export const EventSentence = ({ parts, query = '' }: EventSentenceProps): ReactNode =>
  parts.map(({ part, text }, index) => {
    if (part === 'count') return <Count key={index} text={text} />
    if (!names.has(part)) return <Fragment key={index}>{visible(text)}</Fragment>
    return (
      <bdi key={index} className={part === 'actor' ? 'name actor' : 'name'}>
        {visibleByHits(text, query).map((piece, at) =>
          at % 2 === 1 ? <mark key={at}>{piece}</mark> : <Fragment key={at}>{piece}</Fragment>,
        )}
      </bdi>
    )
  })
