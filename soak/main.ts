import { parseArgs } from 'node:util'
import { crash, describeCrash } from './crash.ts'

/*
 * npm run soak -- crash [--seconds 60] [--seed 1]: kills PostgreSQL again and again while rows are deleted, and compares.
 * Exit code 0: nothing was lost, invented or recorded twice. 1: something was. 2: the command line is wrong.
 */

const usage = 'npm run soak -- crash [--seconds 60] [--seed 1]'

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } })
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
  if (positionals.join() !== 'crash' || !(seconds > 0) || !Number.isInteger(seed)) {
    console.error(usage)
    return 2
  }
  const result = await crash({ isOver: (_rounds, elapsed) => elapsed >= seconds * 1000, seed, notice: (line) => console.error(line) })
  console.log(describeCrash(result))
  return result.isRight ? 0 : 1
}

process.exitCode = await main()
