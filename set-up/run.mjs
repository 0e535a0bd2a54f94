#!/usr/bin/env node
/*
 * Every npm script comes through here: node set-up/run.mjs [--with-screens] <entry.ts> [arguments].
 * Runs on the Node of the machine (20 or later) and without node_modules: brings both up to the lock file, then runs the
 * entry with the Node 24 that they contain. Signals go on to it exactly once, and it ends with us, also after kill -9.
 */
import { buildScreens } from './build-screens.mjs'
import { installDependencies } from './install-dependencies.mjs'
import { findNode } from './find-node.mjs'
import { runUntilEnd } from './run-until-end.mjs'
import { Refusal } from './refusal.mjs'

const [major] = process.versions.node.split('.').map(Number)
const args = process.argv.slice(2)
const withScreens = args[0] === '--with-screens'
if (withScreens) args.shift()

try {
  if (major < 20) throw new Refusal(`This is Node ${process.versions.node}; Node 20 or later is needed.`, 'Install a current Node from https://nodejs.org.')
  await installDependencies()
  const node = findNode()
  if (withScreens) await buildScreens(node)
  process.exitCode = await runUntilEnd(node, args)
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(`${error.message}\n${error.hint}`)
  // A test run says in its last line what came of it, also when it could not begin.
  if (args[0] === 'test/run.ts') console.log('0 passed, 1 failed')
  process.exitCode = 1
}
