import { parseArgs } from 'node:util'
import { EmbeddedError } from '../db/embedded.ts'
import { MigrationError } from '../db/migration-error.ts'
import { openTarget } from './target.ts'
import { migrateCommand } from './migrate.ts'
import { statusCommand } from './status.ts'
import type { Command, Outcome } from './command.ts'

/*
 * npm run audit -- <command>: the tool for operators. Exit codes: 0 all is well, 1 something is not (the output says what),
 * 2 the command line is wrong.
 */

const commands: readonly Command[] = [migrateCommand, statusCommand]

const help = `npm run audit -- <command> [options]

${commands.map(({ name, purpose }) => `  ${name.padEnd(10)}${purpose}`).join('\n')}

Options
  --json    print one JSON document instead of text
  --help    print this
${commands.flatMap(({ name, options }) => Object.entries(options).map(([option, { purpose }]) => `  --${option.padEnd(8)}${purpose} (${name})`)).join('\n')}

Environment
  DATABASE_URL  the PostgreSQL to work on; without it the embedded one of DATA_DIR (default .data)

Exit code 0: all is well. 1: something is not, and the output says what. 2: the command line is wrong.`

async function main(): Promise<number> {
  const command = commands.find(({ name }) => name === process.argv[2])
  if (command === undefined) {
    const isHelp = process.argv.length === 2 || process.argv.includes('--help')
    if (isHelp) console.log(help)
    else console.error(`There is no command ${process.argv[2]}.\n\n${help}`)
    return isHelp ? 0 : 2
  }
  const flags = readFlags(command)
  if ('problem' in flags) {
    console.error(`${flags.problem}\n\n${help}`)
    return 2
  }
  if (flags.set.has('help')) {
    console.log(help)
    return 0
  }
  const outcome = await outcomeOf(command, flags.set)
  console.log(flags.set.has('json') ? JSON.stringify(outcome.document, null, 2) : outcome.text)
  return outcome.isWell ? 0 : 1
}

function readFlags(command: Command): { set: Set<string> } | { problem: string } {
  const names = ['help', 'json', ...Object.keys(command.options)]
  try {
    const { values } = parseArgs({ args: process.argv.slice(3), options: Object.fromEntries(names.map((name) => [name, { type: 'boolean' as const }])) })
    return { set: new Set(Object.keys(values)) }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

async function outcomeOf(command: Command, flags: ReadonlySet<string>): Promise<Outcome> {
  try {
    const target = await openTarget(process.env, (line) => console.error(line))
    try {
      return await command.run(target.connectionString, flags)
    } finally {
      await target.close()
    }
  } catch (error) {
    if (error instanceof MigrationError) {
      const { code, message, detail, hint, statements } = error
      return { isWell: false, document: { error: { code, message, detail, hint, statements } }, text: [message, detail, hint, ...statements].filter((line) => line !== '').join('\n') }
    }
    if (error instanceof EmbeddedError) {
      const { code, message, hint } = error
      return { isWell: false, document: { error: { code, message, hint } }, text: `${message}\n${hint}` }
    }
    throw error
  }
}

process.exitCode = await main()
