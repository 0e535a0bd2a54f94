#!/usr/bin/env node
import pg from 'pg'
import { parseArgs } from 'node:util'
import { isPackage, operatorTool } from '../db/installation.ts'
import { EmbeddedError } from '../db/embedded.ts'
import { MigrationError, wordsOf } from '../db/migration-error.ts'
import { grantAdministratorCommand, listCompaniesCommand, revokeAdministratorCommand } from './administrators.ts'
import { checkExportCommand } from './check-export.ts'
import { doctorCommand } from './doctor.ts'
import { generateCommand } from './generate.ts'
import { openTarget } from './target.ts'
import { keepCommand } from './keep.ts'
import { migrateCommand } from './migrate.ts'
import { OperatorError } from './operator-error.ts'
import { partitionCommand } from './partition.ts'
import { requireActorCommand } from './require-actor.ts'
import { statusCommand } from './status.ts'
import { trackCommand } from './track.ts'
import { uninstallCommand } from './uninstall.ts'
import { programVersion } from './version.ts'
import { visibleJson, visibleLines } from '../server/visible.ts'
import type { Command, Given, Option, Outcome } from './command.ts'

/*
 * npm run audit -- <command>: the tool for operators. Exit codes: 0 all is well, 1 something is not (the output says what),
 * 2 the command line is wrong.
 */

const commands: readonly Command[] = [
  migrateCommand, statusCommand, keepCommand, trackCommand, grantAdministratorCommand, revokeAdministratorCommand, listCompaniesCommand, requireActorCommand, partitionCommand, doctorCommand, checkExportCommand, generateCommand, uninstallCommand,
]

const help = helpOn('<command>', commands)

function helpOn(called: string, told: readonly Command[]): string {
  return `${operatorTool} ${called} [options]

${told.flatMap(({ name, purpose, options, ...command }) => [line('runOnFile' in command ? `${name} <file>` : name, purpose), ...Object.entries(options).map(([option, { value, purpose: what }]) => line(`  --${option}${value === undefined ? '' : ` <${value}>`}`, what))]).join('\n')}

Options of all
  --json       print one JSON document instead of text
  --help, -h   print this${told.length === 1 ? '; without a command: all commands' : ', or what one command does'}
  --version    print the version of this program

Environment
  DATABASE_URL  the PostgreSQL to work on${isPackage ? '' : '; without it the embedded one of DATA_DIR (default .data)'}

Exit code 0: all is well. 1: something is not, and the output says what. 2: the command line is wrong.`
}

function line(what: string, purpose: string): string {
  return `  ${what.padEnd(28)}${purpose}`
}

async function main(): Promise<number> {
  const [name, ...args] = process.argv.slice(2)
  if (name === '--version' || args.includes('--version')) {
    console.log(await programVersion())
    return 0
  }
  const command = commands.find((one) => one.name === name)
  if (command === undefined) {
    if (name !== undefined && name !== 'help' && !isHelp([name, ...args])) return refuse({ ...noProblem, message: `There is no command ${name}.`, hint: 'See --help.' }, help)
    console.log(help)
    return 0
  }
  if (isHelp(args)) {
    console.log(helpOn(command.name, [command]))
    return 0
  }
  const given = readOptions(command)
  if ('problem' in given) return refuse(given.problem, helpOn(command.name, [command]))
  const outcome = await outcomeOf(command, given)
  console.log(given.flags.has('json') ? visibleJson(outcome.document) : visibleLines(outcome.text))
  return outcome.isWell ? 0 : 1
}

function isHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h')
}

/** Says what is wrong with the command line. @returns its exit code */
function refuse(problem: Problem, usage: string): number {
  if (process.argv.includes('--json')) console.log(visibleJson({ error: problem }))
  else console.error(visibleLines(`${wordsOf(problem)}\n\n${usage}`))
  return 2
}

function readOptions(command: Command): Given & { file: string } | { problem: Problem } {
  const options: Record<string, Option> = { json: { purpose: '' }, ...command.options }
  const flags = new Set<string>()
  const values = new Map<string, string>()
  const files: string[] = []
  try {
    const parsed = parseArgs({
      args: process.argv.slice(3),
      allowPositionals: 'runOnFile' in command,
      options: Object.fromEntries(Object.entries(options).map(([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }])),
    })
    files.push(...parsed.positionals)
    for (const [name, value] of Object.entries(parsed.values)) {
      if (typeof value === 'string') values.set(name, value)
      else flags.add(name)
    }
  } catch (error) {
    return { problem: { ...noProblem, message: error instanceof Error ? error.message : String(error) } }
  }
  const missing = Object.keys(options).filter((name) => options[name]?.isRequired === true && !values.has(name))
  if (missing.length > 0) return { problem: { ...noProblem, message: `${command.name} needs ${missing.map((name) => `--${name}`).join(' and ')}.` } }
  const [file = '', ...others] = files
  if ('runOnFile' in command && (file === '' || others.length > 0)) return { problem: { ...noProblem, message: `${command.name} needs one file.` } }
  const given = { flags, values, file }
  try {
    command.check?.(given)
    return given
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'OPTIONS') return { problem: describeOperatorError(error) }
    throw error
  }
}

async function outcomeOf(command: Command, given: Given & { file: string }): Promise<Outcome> {
  try {
    if ('runOnFile' in command) return await command.runOnFile(given.file, given)
    const target = await openTarget(process.env, (notice) => console.error(visibleLines(notice)))
    try {
      return await command.run(target.connectionString, given)
    } finally {
      await target.close()
    }
  } catch (error) {
    const problem = describeProblem(error)
    if (problem === null) throw error
    return { isWell: false, document: { error: problem }, text: wordsOf(problem) }
  }
}

type Problem = { code: string; message: string; detail: string; hint: string; statements: readonly string[]; afterwards: string }

/** What a command line that cannot be used has beside its message. */
const noProblem: Problem = { code: 'OPTIONS', message: '', detail: '', hint: '', statements: [], afterwards: '' }

function describeOperatorError({ code, message, detail, hint, statements, afterwards }: MigrationError | OperatorError): Problem {
  return { code, message, detail, hint, statements, afterwards }
}

/** What a person can do something about, in words; null for an error of the program itself. */
function describeProblem(error: unknown): Problem | null {
  if (error instanceof MigrationError || error instanceof OperatorError) return describeOperatorError(error)
  if (error instanceof EmbeddedError) return { ...noProblem, code: error.code, message: error.message, hint: error.hint }
  if (error instanceof Error && (('syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')) || error.message.startsWith('Connection terminated'))) {
    return { ...noProblem, code: 'DATABASE_UNREACHABLE', message: `The database cannot be reached: ${error.message}`, hint: 'Check DATABASE_URL, and that the server runs; then run the command again.' }
  }
  if (error instanceof pg.DatabaseError) return { ...noProblem, code: error.code ?? '', message: error.message, detail: error.detail ?? '', hint: error.hint ?? '' }
  return null
}

// A connection that was refused halfway may stay open for a minute; nothing is left to be written.
process.exit(await main())
