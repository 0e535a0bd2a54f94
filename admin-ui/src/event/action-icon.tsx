import type { ReactNode } from 'react'
import { Glyph } from './glyph.tsx'

/** A picture of what happened; the sentence beside it says the same in words. The theme gives it its colours. */
export const ActionIcon = ({ action }: { action: string }): ReactNode => {
  const deletion = action.endsWith('.deleted')
  const exported = action.endsWith('.exported')
  return (
    <span className="action-icon" aria-hidden data-tone={deletion ? 'deletion' : exported ? 'export' : undefined}>
      <Glyph of={deletion ? 'bin' : exported ? 'download' : 'past'} />
    </span>
  )
}
