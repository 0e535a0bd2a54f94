import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchCapture } from './capture.ts'
import { writeReport, type Report } from './report.ts'

/*
 * npm run bench [-- name …] [--quick]: runs the benches one after the other, prints what they found and writes it to
 * bench/results/<name>.md. A quick run shows that a bench works; its numbers mean nothing, so it writes no file.
 */

type Bench = (options: { isQuick: boolean; notice: (line: string) => void }) => Promise<Report>

const benches: Readonly<Record<string, Bench>> = { capture: benchCapture }
const results = fileURLToPath(new URL('results/', import.meta.url))

const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false } } })
const unknown = positionals.find((name) => benches[name] === undefined)

if (unknown === undefined) {
  for (const [name, bench] of Object.entries(benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    const report = await bench({ isQuick: values.quick, notice: (line) => console.error(`${name}: ${line}`) })
    const text = writeReport(report)
    console.log(text)
    if (values.quick) continue
    mkdirSync(results, { recursive: true })
    writeFileSync(`${results}${name}.md`, text)
  }
} else {
  console.error(`There is no bench ${unknown}.\nUse one of: ${Object.keys(benches).join(', ')}.`)
  process.exitCode = 1
}
