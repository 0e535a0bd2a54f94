import { useCallback, useEffect, useRef, useState } from 'react'
import { useDataProvider } from 'react-admin'
import * as z from 'zod/mini'
import { type AuditDataProvider, auditLog } from '../data-provider.ts'
import type { WholeEvent } from '../event/event.ts'
import { download, type Receipt, saveFile } from './download.ts'

/** How an export goes. `lines` says about how many rows there are so far. */
export type ExportState =
  | { readonly step: 'choosing' }
  | { readonly step: 'running'; readonly bytes: number; readonly lines: number }
  | { readonly step: 'done'; readonly name: string; readonly receipt: Receipt | null; readonly entry: string | null }
  | { readonly step: 'failed'; readonly error: unknown }

const ended = z.object({ row_count: z.number(), sha256: z.string() })

/** The receipt of a file as the log itself keeps it: in the entry about the end of the export. */
const receiptInLog = async (
  dataProvider: AuditDataProvider,
  entry: string | null,
  locale: string,
): Promise<Receipt | null> => {
  const { data } = await dataProvider.getList<WholeEvent>(auditLog, {
    filter: { actions: ['audit.export_ended'], ...(entry !== null && { objectKind: 'export', objectId: entry }) },
    pagination: { page: 1, perPage: 1 },
    meta: { locale },
  })
  const [found] = data
  if (!found) return null
  const { data: whole } = await dataProvider.getOne<WholeEvent>(auditLog, { id: found.id, meta: { locale } })
  const details = ended.safeParse(whole.details)
  return details.success ? { rows: details.data.row_count, sha256: details.data.sha256 } : null
}

/** An export of the list: starts it, says how far it is, and ends it early. It ends when the dialog goes. */
export const useExport = (locale: string) => {
  const dataProvider = useDataProvider<AuditDataProvider>()
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
        const { file, name, receipt, entry } = await download(
          (...request) => window.fetch(...request),
          address,
          abort.signal,
          (bytes, lines) => {
            const now = performance.now()
            if (now - shown < 100) return
            shown = now
            setState({ step: 'running', bytes, lines })
          },
        )
        saveFile(file, name)
        setState({ step: 'done', name, entry, receipt: receipt ?? (await receiptInLog(dataProvider, entry, locale).catch(() => null)) })
      } catch (error) {
        if (!abort.signal.aborted) setState({ step: 'failed', error })
      }
    },
    [dataProvider, locale],
  )
  const cancel = useCallback(() => {
    running.current?.abort()
    setState({ step: 'choosing' })
  }, [])
  return { state, start, cancel }
}
