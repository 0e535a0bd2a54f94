import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { tokenFor } from '../server/running-server.ts'
import { serverSuite } from '../server/server-suite.ts'
import { hostileDocuments } from './hostile-document.ts'

const it = serverSuite('200 hostile documents')
const json = { 'content-type': 'application/json' }
/** Milliseconds of CPU, which another program that uses the processor does not add to; npm run soak -- hostile measures the server alone. */
const limit = 250

it('are refused, or answered with little work, and never with an error of the server', async ({ running, fredrik }) => {
  const documents = hostileDocuments()
  assert.ok(documents.length >= 200, String(documents.length))
  const headers = { ...json, authorization: `Bearer ${await tokenFor(fredrik)}` }
  const slow: string[] = []
  let unseen = 0
  for (const { name, query, variables } of documents) {
    const times: number[] = []
    // The first time, and whenever garbage happens to be collected, it is not the document alone that costs.
    while (times.length === 0 || (Math.min(...times) > limit && times.length < 3)) {
      const connections = running.connections()
      const before = process.cpuUsage()
      const response = await running.fetch(null, '/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
      const text = await response.text()
      const { user, system } = process.cpuUsage(before)
      times.push((user + system) / 1_000)
      assert.ok(response.status < 500, `${name}: ${response.status} ${text.slice(0, 300)}`)
      assert.ok(text.length < 2_000_000, `${name}: ${text.length} characters`)
      assert.not.match(text, /Did you mean|pg_catalog|select |node_modules/, name)
      if (times.length === 1 && running.connections() === connections) unseen += 1
    }
    if (Math.min(...times) > limit) slow.push(`${name}: ${times.map(Math.round).join(', ')} ms`)
  }
  assert.equal(slow, [])
  // Refused by their text alone: too large, or no document of this schema. Recording what was read before may count for a few of the others.
  assert.ok(unseen >= 180, `only ${unseen} of ${documents.length} were refused before the database was asked`)
  assert.is((await running.graphql(fredrik, '{ viewer { access } }')).data?.['viewer'].access, 'granted')
})

it('keep nobody else from being answered meanwhile', async ({ running, fredrik }) => {
  const documents = hostileDocuments()
  const headers = { ...json, authorization: `Bearer ${await tokenFor(fredrik)}` }
  /** How many lists two others are given while something goes on. */
  const listsBeside = async (work: () => Promise<unknown>): Promise<number> => {
    let isOver = false
    let lists = 0
    const others = Promise.all([1, 2].map(async () => {
      while (!isOver) {
        const { errors } = await running.graphql(fredrik, '{ events(first: 25) { nodes { id } } }')
        if (errors !== undefined) throw new Error(JSON.stringify(errors))
        lists += 1
        await sleep(5)
      }
    })).catch((error: unknown) => error)
    await work()
    isOver = true
    assert.is(await others instanceof Error, false, String(await others))
    return lists
  }
  const began = performance.now()
  const attacked = await listsBeside(async () => {
    for (const { query, variables } of documents) await (await running.fetch(null, '/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) })).text()
  })
  const took = performance.now() - began
  const alone = await listsBeside(() => sleep(took))
  // Three share the server, so about half as many as alone; documents of the permitted 250 ms each would leave a twentieth.
  assert.ok(attacked > alone / 5, `${attacked} lists beside ${documents.length} documents, ${alone} in the same time without them`)
})

it.run()
