import type { Pool, PoolClient } from 'pg'
import type { Kind } from './kinds.ts'

/** A row of a kind: id, company_id, label, owner and its columns, all as text. */
export type Row = {
  readonly id: string
  readonly company_id: string
  readonly label: string
  readonly owner: string | null
  readonly [column: string]: string | null
}

type Queryable = Pool | PoolClient

/** How many rows a page of a list holds. */
export const pageSize = 25

const matching = (kind: Kind): string => `
  select * from (${kind.rows}) as row
  where row.company_id = $1 and concat_ws(' ', row.label, row.owner) ilike $2`

/** The search text as a pattern that takes every character for what it is. */
const patternOf = (search: string): string => `%${search.replace(/[\\%_]/g, '\\$&')}%`

/** One page of a company's rows whose name, or whose owner's name, contains `search`, and how many there are. */
export async function listRecords(
  database: Queryable,
  kind: Kind,
  companyId: string,
  search: string,
  page: number,
): Promise<{ readonly rows: readonly Row[]; readonly total: number }> {
  const values = [companyId, patternOf(search)]
  const counted = await database.query<{ total: number }>(`select count(*)::int as total from (${matching(kind)}) as matching`, values)
  const listed = await database.query<Row>(`${matching(kind)} order by label, id limit $3 offset $4`, [
    ...values,
    pageSize,
    (page - 1) * pageSize,
  ])
  return { rows: listed.rows, total: counted.rows[0]?.total ?? 0 }
}

/** The row of a company with this id, or null. */
export async function findRecord(database: Queryable, kind: Kind, companyId: string, id: string): Promise<Row | null> {
  const { rows } = await database.query<Row>(`select * from (${kind.rows}) as row where company_id = $1 and id = $2`, [companyId, id])
  return rows[0] ?? null
}

/** What the database deletes together with this row: name and count, without those that are zero. */
export async function whatGoesAlong(database: Queryable, kind: Kind, id: string): Promise<ReadonlyArray<readonly [string, number]>> {
  if (kind.goesAlong === null) return []
  const { rows } = await database.query<Record<string, string>>(kind.goesAlong, [id])
  return Object.entries(rows[0] ?? {})
    .map(([name, count]) => [name, Number(count)] as const)
    .filter(([, count]) => count > 0)
}

/** Deletes the row of a company with this id and gives it back as it was; null if there is none. */
export async function deleteRecord(client: PoolClient, kind: Kind, companyId: string, id: string): Promise<Row | null> {
  const row = await findRecord(client, kind, companyId, id)
  if (row === null) return null
  const { rowCount } = await client.query(`delete from ${kind.table} where id = $1`, [id])
  return rowCount === 1 ? row : null
}

/** All rows of a company that match `search`, for a file; the audit log is told in the same transaction. */
export async function exportRecords(client: PoolClient, kind: Kind, companyId: string, search: string): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>(`${matching(kind)} order by label, id`, [companyId, patternOf(search)])
  const filter = search === '' ? null : JSON.stringify({ query: search })
  await client.query('select audit.record_export($1, $2, $3, $4, $5)', [kind.name, rows.length, 'csv', filter, companyId])
  return rows
}
