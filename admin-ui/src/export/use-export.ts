import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useDataProvider } from 'react-admin'
import * as z from 'zod/mini'
import { viewerKey } from '../access/use-viewer.ts'
import { type AuditDataProvider, auditLog } from '../data-provider.ts'
import type { WholeEvent } from '../event/event.ts'
import { reasonOf, RequestError } from '../request/request-error.ts'
import { saveFile } from './download.ts'
import { fileHash } from './file-hash.ts'

/**
 * How an export goes. `lines` says about how many rows there are so far; `sha256` is that of the file, where it is
 * known; `isChecked` is false where this browser could not compare it.
 */
export type ExportState =
  | { readonly step: 'choosing' }
  | { readonly step: 'running'; readonly bytes: number; readonly lines: number }
  | {
      readonly step: 'done'
      readonly name: string
      readonly rows: number | null
      readonly sha256: string | null
      readonly isChecked: boolean
      readonly entry: string
    }
  | { readonly step: 'failed'; readonly error: unknown }

const ended = z.object({ row_count: z.number(), file_sha256: z.string() })

/** What the log itself keeps of a file: it stands in the entry about the end of the export. */
const endInLog = async (
  dataProvider: AuditDataProvider,
  entry: string,
  locale: string,
  signal: AbortSignal,
): Promise<z.infer<typeof ended> | null> => {
  const { data } = await dataProvider.getList<WholeEvent>(auditLog, {
    filter: { actions: ['audit.export_ended'], objectKind: 'export', objectId: entry },
    pagination: { page: 1, perPage: 1 },
    meta: { locale },
    signal,
  })
  const [found] = data
  if (!found) return null
  const { data: whole } = await dataProvider.getOne<WholeEvent>(auditLog, { id: found.id, meta: { locale }, signal })
  const details = ended.safeParse(whole.details)
  return details.success ? details.data : null
}

/** An export of the list: starts it, says how far it is, and ends it early. It ends when the dialog goes. */
export const useExport = (locale: string) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
  const client = useQueryClient()
  const [state, setState] = useState<ExportState>({ step: 'choosing' })
  const running = useRef<AbortController | null>(null)
  useEffect(() => () => running.current?.abort(), [])
  const start = useCallback(
    async (address: string) => {
      const abort = new AbortController()
      running.current = abort
      setState({ step: 'running', bytes: 0, lines: 0 })
      try {
        let shown = 0
        const { file, name, receipt, entry, isChecked } = await dataProvider.getFile(address, abort.signal, (bytes, lines) => {
          const now = performance.now()
          if (now - shown < 100) return
          shown = now
          setState({ step: 'running', bytes, lines })
        })
        const end = await endInLog(dataProvider, entry, locale, abort.signal).catch(() => null)
        const own = await fileHash(file)
        if (own !== null && end !== null && own !== end.file_sha256) {
          throw new RequestError('altered', 'The file is not the one that the log says was sent.', null)
        }
        abort.signal.throwIfAborted()
        saveFile(file, name)
        setState({ step: 'done', name, entry, isChecked, rows: receipt?.rows ?? end?.row_count ?? null, sha256: own ?? end?.file_sha256 ?? null })
      } catch (error) {
        if (abort.signal.aborted) return
        setState({ step: 'failed', error })
        // If it may mean "you are not allowed any more", the access gate shows why.
        if (['signed_out', 'refused'].includes(reasonOf(error))) void client.invalidateQueries({ queryKey: viewerKey })
      }
    },
    [dataProvider, client, locale],
  )
  const cancel = useCallback(() => {
    running.current?.abort()
    setState({ step: 'choosing' })
  }, [])
  return { state, start, cancel }
}
