import { cpus, release, totalmem, type } from 'node:os'

/** When and on which machine something is measured: the line below the title of a published result. */
export function whenAndWhere(): string {
  const processors = cpus()
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC. ${processors.length} cores (${processors[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.versions.node}.`
}
