import { useCallback, useEffect, useState } from 'react'

export type CopyOutcome = 'copied' | 'copy_failed'

/** Copies a text; for a moment afterwards it says whether that worked. `fail` says that there was nothing to copy. */
export const useCopy = () => {
  const [outcome, setOutcome] = useState<CopyOutcome | null>(null)
  useEffect(() => {
    if (outcome === null) return
    const timer = setTimeout(() => setOutcome(null), 2500)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = useCallback(async (content: string) => {
    try {
      await navigator.clipboard.writeText(content)
      setOutcome('copied')
    } catch {
      setOutcome('copy_failed')
    }
  }, [])
  const fail = useCallback(() => setOutcome('copy_failed'), [])
  return { outcome, copy, fail }
}
