import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { whenAndWhere } from '../bench/when-and-where.ts'
import { crash, describeCrash } from './crash.ts'
import { describeHostile, hostile } from './hostile.ts'
import { describeLoad, load } from './load.ts'
import { describeRestarts, restarts } from './restarts.ts'

/*
 * npm run soak -- crash [--seconds 60] [--seed 1]: kills PostgreSQL again and again while rows are deleted, and compares.
 * npm run soak -- restarts [--times 50] [--seed 1]: restarts it under the load of an audit server, and looks how soon that answers; the result goes to soak/results/restarts.md.
 * npm run soak -- load [--minutes 60] [--pace 1] [--seed 1] [--calm]: deletes, lists, searches and exports at once, at a pace of 0.25 with pauses four times as long, while the database is restarted once and paused once (not with --calm); the result goes to soak/results/load.md.
 * npm run soak -- hostile [--seconds 60]: sends hostile GraphQL documents, and looks what they cost and whether others wait; the result goes to soak/results/hostile.md.
 * Exit code 0: all is right. 1: something is not, and the output says what. 2: the command line is wrong.
 */

const usage = `npm run soak -- crash [--seconds 60] [--seed 1]
npm run soak -- restarts [--times 50] [--seed 1]
npm run soak -- load [--minutes 60] [--pace 1] [--seed 1] [--calm]
npm run soak -- hostile [--seconds 60]`

const options = { seconds: { type: 'string', default: '60' }, times: { type: 'string', default: '50' }, minutes: { type: 'string', default: '60' }, pace: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' }, calm: { type: 'boolean', default: false } } as const
const notice = (line: string): void => console.error(line)

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options })
  const [seconds = 0, times = 0, minutes = 0, pace = 0, seed = Number.NaN] = [values.seconds, values.times, values.minutes, values.pace, values.seed].map(Number)
  const isRight = seconds > 0 && times > 0 && minutes > 0 && pace > 0 && Number.isInteger(seed)
  const [command, ...others] = positionals
  if (isRight && others.length === 0 && command === 'crash') {
    const result = await crash({ isOver: (_rounds, elapsed) => elapsed >= seconds * 1000, seed, notice })
    console.log(describeCrash(result))
    return result.isRight ? 0 : 1
  }
  if (isRight && others.length === 0 && command === 'restarts') {
    const result = await restarts({ restarts: times, seed, notice })
    await write('restarts.md', `# Restarts of the database under load\n\nWritten by \`npm run soak -- restarts\`.\n\n\`\`\`text\n${describeRestarts(result)}\n\`\`\`\n`)
    console.log(describeRestarts(result))
    return result.problems.length === 0 ? 0 : 1
  }
  if (isRight && others.length === 0 && command === 'load') {
    const result = await load({ duration: minutes * 60_000, seed, pace, withFaults: !values.calm, notice })
    const page = describeLoad(result)
    await write('load.md', page)
    console.log(page)
    return result.problems.length === 0 ? 0 : 1
  }
  if (isRight && others.length === 0 && command === 'hostile') {
    const result = await hostile({ duration: seconds * 1_000, notice })
    const page = describeHostile(result)
    await write('hostile.md', page)
    console.log(page)
    return result.problems.length === 0 ? 0 : 1
  }
  console.error(usage)
  return 2
}

/** Writes a result, with the time and the machine below its title. */
async function write(name: string, page: string): Promise<void> {
  await mkdir(fileURLToPath(new URL('results', import.meta.url)), { recursive: true })
  await writeFile(new URL(`results/${name}`, import.meta.url), page.replace('\n\n', `\n\n${whenAndWhere()}\n\n`))
}

process.exitCode = await main()
