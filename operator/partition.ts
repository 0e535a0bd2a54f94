import type { Client } from 'pg'
import type { Command } from './command.ts'
import { withLog } from './log.ts'
import { visible } from '../server/visible.ts'

type Partition = { name: string; from: string | null; to: string | null; estimated_count: string; size: string }

/** Says how the entries are divided, and with --by-year gives each year a partition of its own. */
export const partitionCommand: Command = {
  name: 'partition',
  purpose: 'says how the entries are divided; with --by-year each year becomes a partition',
  options: {
    'by-year': { purpose: 'divide them, beside writers and readers; there is no way back. Again: begins a year that the keeper missed' },
  },
  run: (connectionString, { flags }) => withLog(connectionString, 'partition', async (client) => {
    if (flags.has('by-year')) await client.query('call audit.partition_by_year()')
    const partitions = await partitionsOf(client)
    return { isWell: true, document: { is_partitioned: partitions.length > 0, partitions }, text: describe(partitions) }
  }),
}

/** The partitions, oldest first; none if audit.event is one table. */
async function partitionsOf(client: Client): Promise<Partition[]> {
  const { rows } = await client.query<Partition>(String.raw`
    select c.oid::regclass::text as name,
           (regexp_match(b.bound, 'FROM \(''?(\d+)'))[1] as from, (regexp_match(b.bound, 'TO \(''?(\d+)'))[1] as to,
           greatest(c.reltuples, 0)::bigint::text as estimated_count, pg_size_pretty(pg_total_relation_size(c.oid)) as size
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      cross join lateral (select pg_get_expr(c.relpartbound, c.oid) as bound) b
     where i.inhparent = 'audit.event'::regclass
     order by (regexp_match(b.bound, 'TO \(''?(\d+)'))[1]::bigint`)
  return rows
}

function describe(partitions: readonly Partition[]): string {
  if (partitions.length === 0) return 'audit.event is one table. To divide it by year: --by-year. What that costs stands in docs/dba.md.'
  return [
    'audit.event is divided by year:',
    ...partitions.map(({ name, from, to, estimated_count, size }) => `  ${visible(name).padEnd(34)}numbers ${from ?? '1'} to below ${to}, about ${Number(estimated_count).toLocaleString('en')} entries, ${size}`),
  ].join('\n')
}
