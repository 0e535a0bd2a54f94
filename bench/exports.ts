import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg, { type Client } from 'pg'
import { companies, startReadCluster, viewer } from './read-cluster.ts'
import { copyToFile, exportToFile } from './read-export.ts'
import { askWithClients, startAuditServer, type RunningServer } from './read-server.ts'
import { copiedColumns } from './read.ts'
import { decimal, showMilliseconds, type Figure, type Report } from './report.ts'
import { measureInTurn, median, milliseconds, ratioPerRound, spread } from './rounds.ts'

type Options = { isQuick: boolean; events?: number; folder?: string; notice: (line: string) => void }
type Size = { events: number; rounds: number; requests: number; exportsAtOnce: number }

const full: Size = { events: 2_000_000, rounds: 5, requests: 400, exportsAtOnce: 10 }
const quick: Size = { events: 5_000, rounds: 1, requests: 16, exportsAtOnce: 2 }
const clients = 8

const names = (word: string): string => `(object_label ilike '%${word}%' or owner_label ilike '%${word}%' or actor_name ilike '%${word}%')`

/** What is exported, as the address of an export says it and as somebody would write it in psql. */
const asked: ReadonlyArray<readonly [what: string, address: string, condition: string]> = [
  ['everything', '', 'true'],
  ['a rare word', 'q=Kvicksilver', names('Kvicksilver')],
  ['a word that nothing has', 'q=zzqqxx', names('zzqqxx')],
  ['a frequent word', 'q=developer', names('developer')],
  ['one letter', 'q=e', names('e')],
  ['two letters that never meet', 'q=jb', names('jb')],
  ['rare actions with a rare source', 'action=user.deleted&action=audit.export_ended&source=sql', `action in ('user.deleted', 'audit.export_ended') and source = 'sql'`],
  ['one frequent action', 'action=cv.deleted', `action = 'cv.deleted'`],
  ['a month', 'from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z', `occurred_at >= '2026-03-01T00:00:00Z' and occurred_at < '2026-04-01T00:00:00Z'`],
  ['main entries only', 'rootsOnly=true', 'caused_by is null'],
]

const headings: Partial<Figure> = { what: 'what', goal: 'goal', ours: '× \\copy', spread: 'half of the rounds', least: '× \\copy in one process', without: '\\copy', with: 'export', floor: 'first byte' }

/** Measures exports under filters of every kind, each against `\copy` with the same condition, and lists beside ten exports. */
export async function benchExports({ isQuick, events, folder = join(tmpdir(), 'audit-log-bench-read'), notice }: Options): Promise<Report> {
  const size = { ...(isQuick ? quick : full), ...(events !== undefined && { events }) }
  const figures: Figure[] = []
  const add = (figure: Partial<Figure>): void => void figures.push({ what: '', goal: '', ours: '', spread: '', without: '', floor: '', with: '', ...figure })
  const cluster = await startReadCluster(folder, notice)
  try {
    const database = await cluster.database(size.events)
    const owner = new pg.Client({ connectionString: cluster.url('postgres', database) })
    await owner.connect()
    const server = await startAuditServer(cluster.url('audit_server', database))
    try {
      const token = await server.token(companies.big, viewer.id)
      for (const [what, address, condition] of asked) {
        notice(`${what}: ${decimal(await milliseconds(async () => add(await exportFigure({ size, owner, server, token }, what, address, condition))) / 1000, 0)} s`)
      }
      for (const figure of await listsBeside({ size, server, token })) add(figure)
    } finally {
      await server.stop()
      await owner.end()
    }
  } finally {
    await cluster.stop()
  }
  return {
    title: `What exports of the biggest company take among ${decimal(size.events, 0)} entries`, server: cluster.description, figures, headings,
    method: [
      `The entries are those of \`npm run audit -- generate --events ${size.events} --companies 200 --seed 1\`; the keeper has caught up. \`\\copy\` is COPY of the same rows and the columns that the table has, in the same order, with the condition that somebody would write in psql, through node into a file, by a superuser; PostgreSQL gives it two further workers; an export that runs alone reads over two connections. Beside it stands what \`\\copy\` takes without workers, as on a machine whose other core is at work. The file of the server also has the sentence, the local time and the receipt, and two entries of the log are written for it.`,
      `Medians of ${size.rounds} rounds in turn, after a warm-up; the ratio is taken within a round. An export that finds little takes as long as its two entries and what is read for the receipt, so that a ratio says something only where there are many rows.`,
      `Lists: ${clients} clients ask for the newest 25 entries, ${size.requests} requests a round, alone and while ${size.exportsAtOnce} exports of everything run or wait for their turn, on the same two cores as PostgreSQL.`,
    ],
  }
}

type Bench = { readonly size: Size; readonly owner: Client; readonly server: RunningServer; readonly token: string }

async function exportFigure({ size, owner, server, token }: Bench, what: string, address: string, condition: string): Promise<Partial<Figure>> {
  const firstBytes: number[] = []
  const took = await measureInTurn(['ours', 'copy', 'copy in one process'], size.rounds, async (which) => {
    const rows = `select ${copiedColumns} from audit.event where company_id = '${companies.big}' and ${condition} order by occurred_at desc, id desc`
    if (which !== 'ours') return (await copyToFile(owner, rows, which === 'copy' ? 2 : 0)).milliseconds
    const one = await exportToFile(`${server.url}/export/events.csv?${address}`, token, server.pid)
    firstBytes.push(one.firstByte)
    return one.milliseconds
  })
  const ratio = ratioPerRound(took('ours'), took('copy'))
  const { low, high } = spread(ratio)
  return {
    what: `export of ${what}`, goal: '≤ 1.2; first byte ≤ 1 s', ours: decimal(median(ratio), 2), spread: `${decimal(low, 2)} – ${decimal(high, 2)}`,
    least: decimal(median(ratioPerRound(took('ours'), took('copy in one process'))), 2), without: showMilliseconds(median(took('copy'))), with: showMilliseconds(median(took('ours'))), floor: showMilliseconds(median(firstBytes)),
  }
}

async function listsBeside({ size, server, token }: Omit<Bench, 'owner'>): Promise<Partial<Figure>[]> {
  const list = { query: '{ events(first: 25) { nodes { id occurredAt action actorName objectLabel ownerLabel source } } }', variables: {} }
  const lists = () => askWithClients(server, token, list, { clients, requests: size.requests })
  const took = await measureInTurn(['alone', 'beside'], size.rounds, async (which) => {
    if (which === 'alone') return lists()
    const exports = Array.from({ length: size.exportsAtOnce }, () => exportToFile(`${server.url}/export/events.csv`, token, server.pid))
    const reading = await lists()
    await Promise.all(exports)
    return reading
  })
  const ratio = ratioPerRound(took('beside'), took('alone'))
  const { low, high } = spread(ratio)
  return [{ what: `newest 25, ${clients} clients, beside ${size.exportsAtOnce} exports, × alone`, ours: decimal(median(ratio), 2), spread: `${decimal(low, 2)} – ${decimal(high, 2)}`, without: showMilliseconds(median(took('alone'))), with: showMilliseconds(median(took('beside'))) }]
}
