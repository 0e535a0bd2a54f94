import { styled } from '@mui/material'
import { Fragment, type ReactNode } from 'react'
import { visible } from '../text/visible.ts'
import type { SentencePart } from './event.ts'
import { splitByHits } from './split-by-hits.ts'

const names = new Set(['actor', 'object', 'owner'])

const Name = styled('bdi')({ fontWeight: 600 })

type EventSentenceProps = {
  readonly parts: readonly SentencePart[]
  /** The search whose words are marked. */
  readonly query?: string
  /** Where the same person stands in every line, as in the tree of an act, only what happened is emphasised. */
  readonly quietActor?: boolean
}

/**
 * The sentence of an entry, as the database wrote it, with its names emphasised and kept apart from the direction of
 * the text around them. The words of a search are marked in the names. Used wherever an entry is spoken of.
 */
export const EventSentence = ({ parts, query = '', quietActor = false }: EventSentenceProps): ReactNode =>
  parts.map(({ part, text }, index) =>
    quietActor && part === 'actor' ? (
      <bdi key={index}>{visible(text)}</bdi>
    ) : names.has(part) ? (
      <Name key={index}>
        {splitByHits(visible(text), query).map((piece, at) =>
          at % 2 === 1 ? <mark key={at}>{piece}</mark> : <Fragment key={at}>{piece}</Fragment>,
        )}
      </Name>
    ) : (
      <Fragment key={index}>{visible(text)}</Fragment>
    ),
  )
