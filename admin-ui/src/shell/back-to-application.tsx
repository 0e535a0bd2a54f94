import { Button } from '@mui/material'
import type { ReactNode } from 'react'
import { useText } from '../text/use-text.ts'
import { appearance } from './appearance.ts'

/** The way out of a page on which there is nothing to do; nothing where the host application names no page for it. */
export const BackToApplication = ({ main = false }: { main?: boolean }): ReactNode => {
  const text = useText()
  return (
    appearance.home !== null && (
      <Button variant={main ? 'contained' : 'text'} href={appearance.home}>
        {text('place.back')}
      </Button>
    )
  )
}
