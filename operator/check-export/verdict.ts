import type { Receipt } from '../../server/export/receipt.ts'

/** What a file of an export turned out to be. */
export type Verdict =
  | { readonly verdict: 'whole'; readonly receipt: Receipt; readonly fileSha256: string; readonly finding: string }
  | { readonly verdict: 'cut' | 'altered'; readonly receipt: Receipt | null; readonly finding: string }

/** A file that does not end as it should. */
export function cut(finding: string): Verdict {
  return { verdict: 'cut', receipt: null, finding }
}

/** A file that ends as it should, but is not what its receipt says. */
export function altered(receipt: Receipt | null, finding: string): Verdict {
  return { verdict: 'altered', receipt, finding }
}
