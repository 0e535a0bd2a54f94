import { html } from './html.ts'
import type { Html } from './html.ts'
import type { Kind } from './kinds.ts'
import { pageSize } from './records.ts'
import type { Row } from './records.ts'

/** The name of a row as a person says it: `CV Project Manager (Jessica Kowalski)`. */
export const describe = (kind: Kind, row: Row): string =>
  `${kind.one} ${row.label}${row.owner === null ? '' : ` (${row.owner})`}`

/** What is said after a row has been deleted. */
export function sayDeleted(kind: Kind, row: Row): string {
  const sentence = `${kind.one} ${row.label} deleted.`
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

/** A count with its noun: `1 role`, `3 roles`. The noun is given in the plural. */
export const count = (number: number, plural: string): string =>
  `${number.toLocaleString('en')} ${number === 1 ? plural.replace(/s$/, '') : plural}`

/** What is deleted together with a row, as a list; nothing if it goes alone. */
export const goesAlong = (along: ReadonlyArray<readonly [plural: string, number: number]>): Html => html`${
  along.length > 0 &&
  html`
    <p>This goes with it:</p>
    <ul>${along.map(([plural, number]) => html`<li>${count(number, plural)}</li>`)}</ul>`
}`

/** The way to what the audit log knows of a row. The log takes `?object=<kind>/<id>` in its address. */
export const historyLink = (kind: Kind, { id }: Row): string =>
  `/audit-log?${new URLSearchParams({ next: `?object=${kind.name}/${encodeURIComponent(id)}` })}`

/**
 * The rows of a kind as a table; `deleteLink` gives the address at which a row is deleted, or null, and `hasHistory` says
 * whether each row leads to its history in the audit log.
 */
export const table = (kind: Kind, rows: readonly Row[], deleteLink: (row: Row) => string | null, hasHistory = false): Html => html`
  <table>
    <thead><tr>
      ${kind.columns.map(({ heading }) => html`<th scope="col">${heading}</th>`)}
      <th scope="col"><span class="unseen">Actions</span></th>
    </tr></thead>
    <tbody>
    ${rows.map((row) => {
      const address = deleteLink(row)
      const link = address !== null && html`<a class="danger" href="${address}" aria-label="Delete ${describe(kind, row)}">Delete</a>`
      const history = hasHistory && html`<a href="${historyLink(kind, row)}" aria-label="History of ${describe(kind, row)}">History</a> `
      return html`<tr>
        ${kind.columns.map(({ name, heading }) => html`<td data-heading="${heading}"><bdi>${row[name]}</bdi></td>`)}
        <td class="actions">${history}${link}</td>
      </tr>`
    })}
    </tbody>
  </table>`

/** Links to the page before and after, for a list that goes on. */
export function paging(path: string, search: string, page: number, total: number): Html {
  const last = Math.max(1, Math.ceil(total / pageSize))
  const to = (number: number): string => `${path}?${new URLSearchParams({ ...(search !== '' && { q: search }), page: String(number) })}`
  return html`${
    last > 1 &&
    html`<nav class="paging" aria-label="Pages">
      ${page > 1 ? html`<a rel="prev" href="${to(page - 1)}">Previous</a>` : html`<span>Previous</span>`}
      <span>Page ${page} of ${last}</span>
      ${page < last ? html`<a rel="next" href="${to(page + 1)}">Next</a>` : html`<span>Next</span>`}
    </nav>`
  }`
}
