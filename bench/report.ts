import { median, ratioPerRound, spread } from './rounds.ts'
import { whenAndWhere } from './when-and-where.ts'

/** One line of a result: a figure, and the goal of the design beside it. */
export type Figure = {
  /** What was done. */
  what: string
  /** The goal as text, for example `≤ 10 ×`; empty where there is none. */
  goal: string
  /** The figure itself, its spread, and the readings that it comes from. */
  ours: string
  spread: string
  without: string
  floor: string
  least?: string
  with: string
}

/** What a bench found out. */
export type Report = {
  title: string
  /** PostgreSQL's version and its settings that matter. */
  server: string
  figures: readonly Figure[]
  /** Other headings than those of the capture bench; a column without one is left out. */
  headings?: Partial<Figure>
  /** How it was measured: one paragraph each. */
  method: readonly string[]
}

const columns = ['what', 'goal', 'ours', 'spread', 'without', 'floor', 'least', 'with'] as const
const captureHeadings: Figure = { what: 'what', goal: 'goal', ours: 'ours', spread: 'half of the rounds', without: 'without audit', floor: 'empty trigger', least: 'least entry', with: 'with audit' }

/** A figure from readings with and without audit: their ratio, round by round. `show` writes one reading. */
export function ratioFigure(
  line: { what: string; goal: string; digits: number; show: (reading: number) => string },
  readings: { without: readonly number[]; floor?: readonly number[]; least?: readonly number[]; with: readonly number[] },
): Figure {
  const ratio = ratioPerRound(readings.with, readings.without)
  const { low, high } = spread(ratio)
  const write = (value: number): string => decimal(value, line.digits)
  const beside = (found: readonly number[] | undefined): string => (found === undefined ? '' : `${line.show(median(found))} (${write(median(ratioPerRound(found, readings.without)))})`)
  return {
    what: line.what,
    goal: line.goal,
    ours: write(median(ratio)),
    spread: `${write(low)} – ${write(high)}`,
    without: line.show(median(readings.without)),
    floor: beside(readings.floor),
    least: beside(readings.least),
    with: line.show(median(readings.with)),
  }
}

/** A figure that is no ratio. */
export function plainFigure(what: string, goal: string, ours: string, from: { without?: string; with?: string } = {}): Figure {
  return { what, goal, ours, spread: '', without: from.without ?? '', floor: '', least: '', with: from.with ?? '' }
}

/** The report as text: Markdown whose table is aligned, so that it also reads well on the screen. */
export function writeReport(report: Report): string {
  return [
    `# ${report.title}`, '',
    whenAndWhere(), '',
    report.server, '',
    writeTable(report.figures, report.headings ?? captureHeadings), '',
    ...report.method.flatMap((paragraph) => [paragraph, '']),
  ].join('\n')
}

/** A number with thousands separators and so many digits after the point. */
export function decimal(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

export const showMilliseconds = (reading: number): string => `${decimal(reading, reading < 10 ? 1 : 0)} ms`
export const showRate = (reading: number): string => `${decimal(reading, 0)}/s`

function writeTable(figures: readonly Figure[], headings: Partial<Figure>): string {
  const shown = columns.filter((column) => headings[column] !== undefined)
  const rows = [headings, ...figures].map((row) => shown.map((column) => row[column] ?? ''))
  const widths = shown.map((_column, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`
  const [head, ...body] = rows.map(line)
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n')
}
