import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import express from 'express'
import pg from 'pg'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { makeMetrics } from '../../server/metrics.ts'
import { refusedAccess } from '../../server/viewer-refusal.ts'

const it = suite('The alarms and the dashboard')
const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

const place = z.object({ x: z.int(), y: z.int(), w: z.int().min(1), h: z.int().min(1) })
const dashboard = z.object({
  title: z.string().min(1), uid: z.string().regex(/^[\w-]{1,40}$/), schemaVersion: z.int().min(36), id: z.null().optional(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string(), query: z.string() })) }),
  panels: z.array(z.object({
    id: z.int(), type: z.enum(['stat', 'timeseries']), title: z.string().min(1), gridPos: place,
    datasource: z.object({ type: z.literal('prometheus'), uid: z.string() }),
    fieldConfig: z.object({ defaults: z.object({ unit: z.enum(['short', 's', 'bytes', 'reqps', 'percentunit', 'none', 'cps', 'ops']) }) }),
    targets: z.array(z.object({ refId: z.string(), expr: z.string().min(1) })).min(1),
  })).min(1),
}).parse(JSON.parse(await read('ops/grafana-dashboard.json')))

type Alert = { name: string; expr: string; for: string | null; severity: string; summary: string; runbook: string }

/** The alarms of ops/alerts.yml, which is written in one way only; another line is an error. */
function alertsOf(text: string): Alert[] {
  const [head = '', ...rules] = text.split(/^ {6}- alert: /m)
  assert.match(head, /^#.*\ngroups:\n {2}- name: audit-log\n {4}rules:\n$/)
  return rules.map((rule) => {
    const found = /^(\w+)\n {8}expr: (.+)\n(?: {8}for: (\d+[smhd])\n)? {8}labels: \{ severity: (\w+) \}\n {8}annotations:\n {10}summary: (.+)\n {10}runbook: (\S+)\n$/.exec(rule)
    assert.ok(found, `not as the others: ${rule}`)
    const [, name = '', expr = '', wait = null, severity = '', summary = '', runbook = ''] = found
    // In YAML these would begin a mapping, a comment or a quoted text.
    for (const value of [expr, summary]) assert.not.match(value, /: | #|^[{["'&*!|>%@`-]/, value)
    return { name, expr, for: wait, severity, summary, runbook }
  })
}

const alerts = alertsOf(await read('ops/alerts.yml'))
const expressions = [...alerts.map(({ expr }) => expr), ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))]

/** Every sample that a server tells once something of each kind has happened: the labels by the name of the metric, with their values. */
async function samples(): Promise<Map<string, Map<string, Set<string>>>> {
  const pool = new pg.Pool()
  const metrics = makeMetrics({
    pools: { interactive: pool, exports: pool }, queues: { interactive: { size: () => ({ running: 0, waiting: 0 }) }, exports: { size: () => ({ running: 0, waiting: 0 }) } }, withProcess: true,
    figures: { read: async () => ({ events: [{ action: 'cv.deleted', source: 'app', count: 1 }], oldestTransaction: 0, keeperLag: { events: 0, seconds: 0 }, health: { triggers: 0 } }) },
  })
  const app = express().use(metrics.measure).use(express.json())
    .get('/export/events.csv', (_request, response) => void response.write('the beginning', () => response.destroy()))
    .use((_request, response) => void response.status(503).end())
  for (const code of await codes()) metrics.refused(code)
  const http = app.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const ask = (variables: unknown) => fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ variables }) })
  await ask({})
  await ask({ filter: { query: 'somebody' } })
  await fetch(`${url}/export/events.csv`).then((response) => response.text()).catch(() => 'broken off')
  const text = await metrics.text()
  http.close()
  const found = new Map<string, Map<string, Set<string>>>()
  for (const [, name = '', list = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const labels = found.get(name) ?? new Map<string, Set<string>>()
    for (const [, label = '', value = ''] of list.matchAll(/(\w+)="([^"]*)"/g)) labels.set(label, (labels.get(label) ?? new Set()).add(value))
    found.set(name, labels)
  }
  return found
}

/** The codes of refusals that stand in the code of the server. */
async function codes(): Promise<Set<string>> {
  const files = readdirSync(new URL('../../server', import.meta.url), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const texts = await Promise.all(files.map((file) => read(`server/${file}`)))
  const ofViewers = (['not_signed_in', 'company_unknown', 'not_administrator', 'add_on_missing'] as const).map((access) => refusedAccess(access, null).code)
  return new Set([...ofViewers, ...texts.flatMap((text) => [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, code]) => code ?? ''))])
}

/** Labels that Prometheus adds to what it reads. */
const added = ['job', 'instance']

it('name only metrics with labels and values that a server tells', async () => {
  const told = await samples()
  for (const expression of expressions) {
    const names = [...expression.matchAll(/\b(up|(?:audit_log|process|nodejs)_\w+)/g)].map(([name]) => name)
    assert.ok(names.length > 0, expression)
    for (const name of names) assert.ok(name === 'up' || told.has(name), `${name} in ${expression}`)
    const [name = ''] = names
    const labels = told.get(name) ?? new Map<string, Set<string>>()
    for (const [, list = ''] of expression.matchAll(/\bby \(([^)]+)\)/g)) {
      for (const label of list.split(', ')) assert.ok(added.includes(label) || labels.has(label), `label ${label} in ${expression}`)
    }
  }
  for (const expression of expressions) {
    for (const [, name = '', list = ''] of expression.matchAll(/(\w+)\{([^}]*)\}/g)) {
      for (const [, label = '', operator, wanted = ''] of list.matchAll(/(\w+)(=~|=)"([^"]*)"/g)) {
        if (label === 'job') assert.match(await read('ops/prometheus.yml'), `job_name: ${wanted}\n`)
        if (added.includes(label)) continue
        const values = [...(told.get(name)?.get(label) ?? [])]
        for (const each of operator === '=~' ? wanted.split('|') : [wanted]) assert.ok(values.some((value) => new RegExp(`^(?:${each})$`).test(value)), `${label} is never ${each}: ${expression}`)
      }
    }
  }
})

it('are written so that Prometheus reads them: brackets match, and what is summed by a label is', () => {
  for (const expression of expressions) {
    let open = ''
    for (const character of expression.replaceAll(/"[^"]*"/g, '').replace('$__rate_interval', '5m')) {
      if ('([{'.includes(character)) open += character
      const opening = { ')': '(', ']': '[', '}': '{' }[character]
      if (opening === undefined) continue
      assert.is(open.at(-1), opening, expression)
      open = open.slice(0, -1)
    }
    assert.is(open, '', expression)
    // A counter is looked at as a rate, and only a counter is.
    for (const [, called, name = ''] of expression.matchAll(/(?:\b(rate|increase)\()?\b(audit_log_\w+)/g)) assert.is(called !== undefined, /_(total|bucket)$/.test(name), expression)
  }
})

it('say how grave an alarm is, and only labels that its expression leaves', () => {
  assert.is(new Set(alerts.map(({ name }) => name)).size, alerts.length)
  for (const { name, expr, severity, summary } of alerts) {
    assert.ok(['page', 'ticket'].includes(severity), name)
    for (const [, label = ''] of summary.matchAll(/\{\{ \$labels\.(\w+) \}\}/g)) {
      const kept = /\bby \(([^)]+)\)/.exec(expr)?.[1]?.split(', ')
      assert.ok(kept === undefined || kept.includes(label), `${name}: ${label}`)
    }
  }
  // Whoever is called out of bed is called for what cannot wait, and never for the first bad minute alone.
  for (const alert of alerts.filter(({ severity }) => severity === 'page')) assert.ok(alert.for !== null, alert.name)
})

it('can be imported: a Prometheus to choose, each panel with a number and a place of its own', () => {
  const [source, ...others] = dashboard.templating.list
  assert.equal(others, [])
  assert.is(source?.type, 'datasource')
  assert.is(source?.query, 'prometheus')
  const { panels } = dashboard
  assert.is(new Set(panels.map(({ id }) => id)).size, panels.length)
  for (const { datasource, targets, title } of panels) {
    assert.is(datasource.uid, `\${${source?.name}}`, title)
    assert.is(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
  }
  for (const [index, { gridPos: one, title }] of panels.entries()) {
    assert.ok(one.x >= 0 && one.x + one.w <= 24, title)
    for (const { gridPos: other } of panels.slice(index + 1)) {
      const isApart = one.x + one.w <= other.x || other.x + other.w <= one.x || one.y + one.h <= other.y || other.y + other.h <= one.y
      assert.ok(isApart, `${title} lies over another panel`)
    }
  }
})

it.run()
