import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchCapture } from './capture.ts'
import { benchExports } from './exports.ts'
import { benchRead } from './read.ts'
import { writeReport, type Report } from './report.ts'
import { benchScreens } from './screens.ts'

/*
 * npm run bench [-- name …] [--quick]: runs the benches one after the other, prints what they found and writes it to
 * bench/results/<name>.md. A quick run shows that a bench works; its numbers mean nothing, so it writes no file.
 * The benches read, exports and screens take --events N (10,000,000 if nothing is said, exports 2,000,000; another number writes no file either) and --folder F, where they keep
 * their filled server for the next run: 10 GB in the system's temporary folder if nothing is said.
 */

type Bench = (options: { isQuick: boolean; events?: number; folder?: string; notice: (line: string) => void }) => Promise<Report>

const benches: Readonly<Record<string, Bench>> = { capture: benchCapture, read: benchRead, exports: benchExports, screens: benchScreens }
const results = fileURLToPath(new URL('results/', import.meta.url))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, events: { type: 'string' }, folder: { type: 'string' } },
})
const more = { ...(values.events !== undefined && { events: Number(values.events) }), ...(values.folder !== undefined && { folder: values.folder }) }
const unknown = positionals.find((name) => benches[name] === undefined)

if (unknown === undefined) {
  for (const [name, bench] of Object.entries(benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    const report = await bench({ isQuick: values.quick, ...more, notice: (line) => console.error(`${name}: ${line}`) })
    const text = writeReport(report)
    console.log(text)
    if (values.quick || values.events !== undefined) continue
    mkdirSync(results, { recursive: true })
    writeFileSync(`${results}${name}.md`, text)
  }
} else {
  console.error(`There is no bench ${unknown}.\nUse one of: ${Object.keys(benches).join(', ')}.`)
  process.exitCode = 1
}
