import type { ReactNode } from 'react'

/** Outlines of Material icons, 24 × 24. */
const outlines = {
  bin: 'M16 9v10H8V9zm-1.5-6h-5l-1 1H5v2h14V4h-3.5zM18 7H6v12c0 1.1.9 2 2 2h8c1.1 0 2-.9 2-2z',
  download: 'M18 15v3H6v-3H4v3c0 1.1.9 2 2 2h12c1.1 0 2-.9 2-2v-3zm-1-4-1.41-1.41L13 12.17V4h-2v8.17L8.41 9.59 7 11l5 5z',
  past: 'M13 3c-4.97 0-9 4.03-9 9H1l3.89 3.89.07.14L9 12H6c0-3.87 3.13-7 7-7s7 3.13 7 7-3.13 7-7 7c-1.93 0-3.68-.79-4.94-2.06l-1.42 1.42C8.27 19.99 10.51 21 13 21c4.97 0 9-4.03 9-9s-4.03-9-9-9m-1 5v5l4.25 2.52.77-1.28-3.52-2.09V8z',
  down: 'M16.59 8.59 12 13.17 7.41 8.59 6 10l6 6 6-6z',
  onwards: 'M10 6 8.59 7.41 13.17 12l-4.58 4.59L10 18l6-6z',
} as const

export type Outline = keyof typeof outlines

/**
 * An icon as an element and nothing more. An icon of MUI is three components with styles of their own; a thousand lines
 * have three icons each. Its size is that of the font, its colour that of the text.
 */
export const Glyph = ({ of }: { of: Outline }): ReactNode => (
  <svg className="glyph" viewBox="0 0 24 24" width="1em" height="1em" fill="currentColor" aria-hidden focusable="false">
    <path d={outlines[of]} />
  </svg>
)
