/*
 * npm pack runs this first: what an installed package needs, in dist/, which is never committed. Node runs no TypeScript
 * below node_modules, so that the server and the operator's tool are compiled; screens and migrations are copied beside them.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './checkout.mjs'

const at = (...parts) => join(checkout, ...parts)
const dist = at('dist')

rmSync(dist, { recursive: true, force: true })
const { status } = spawnSync(process.execPath, [at('node_modules/typescript/bin/tsc'), '-p', at('tsconfig.package.json'), '--outDir', dist], { stdio: 'inherit', cwd: checkout })
if (status !== 0) process.exit(1)
cpSync(at('admin-ui/dist'), join(dist, 'admin-ui/dist'), { recursive: true, filter: (path) => !path.endsWith('.built-from') })
// What is committed is whole; the other files are for whoever writes the next migration.
cpSync(at('db/migrations/committed'), join(dist, 'db/migrations/committed'), { recursive: true })
cpSync(at('package.json'), join(dist, 'package.json'))
chmodSync(join(dist, 'operator/main.js'), 0o755)
