import { Box } from '@mui/material'
import { type PointerEvent, type ReactNode, useState } from 'react'
import { forcedColors } from '../shell/theme.ts'

type BrushProps = {
  /** Into how many stretches its width is cut. */
  readonly count: number
  /** The stretches below the pointer or its drag, both included; nothing when it has left. */
  readonly point: (stretches?: readonly [first: number, last: number]) => void
  /** The stretches from a click or a drag, both included. */
  readonly choose: (first: number, last: number) => void
}

/** Lies over the chart and takes clicks and drags. By keyboard the table does the same. */
export const Brush = ({ count, point, choose }: BrushProps): ReactNode => {
  const [start, setStart] = useState<number | null>(null)
  const [end, setEnd] = useState<number | null>(null)
  const indexAt = ({ clientX, currentTarget }: PointerEvent<HTMLElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect()
    return Math.min(count - 1, Math.max(0, Math.floor(((clientX - left) / width) * count)))
  }
  const forget = () => {
    setStart(null)
    setEnd(null)
    point()
  }
  const first = Math.min(start ?? end ?? 0, end ?? 0)
  const last = Math.max(start ?? end ?? 0, end ?? 0)
  return (
    <Box
      aria-hidden
      onPointerDown={(event) => {
        if (event.button !== 0) return
        event.currentTarget.setPointerCapture(event.pointerId)
        setStart(indexAt(event))
        setEnd(indexAt(event))
      }}
      onPointerMove={(event) => {
        const at = indexAt(event)
        if (at === end) return
        setEnd(at)
        point([Math.min(start ?? at, at), Math.max(start ?? at, at)])
      }}
      onPointerUp={() => {
        if (start !== null) choose(first, last)
        forget()
      }}
      onPointerCancel={forget}
      onPointerLeave={() => start === null && forget()}
      sx={{ position: 'absolute', inset: 0, cursor: 'crosshair', touchAction: 'pan-y', userSelect: 'none' }}
    >
      {end !== null && (
        <Box
          style={{ left: `${(first / count) * 100}%`, width: `${((last - first + 1) / count) * 100}%` }}
          sx={{
            position: 'absolute',
            insetBlock: 0,
            borderRadius: 0.5,
            bgcolor: 'primary.main',
            [forcedColors]: { outline: '2px solid Highlight', opacity: 1, bgcolor: 'transparent' },
            opacity: start === null ? 0.1 : 0.22,
            pointerEvents: 'none',
          }}
        />
      )}
    </Box>
  )
}
