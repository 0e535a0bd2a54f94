import { readdirSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { errorPage } from '../../server/error-page.ts'
import { inSwedish } from '../../server/swedish-errors.ts'
import { hostAppOrigin, tokenFor } from './running-server.ts'
import { serverSuite } from './server-suite.ts'

const it = serverSuite('Pages that the server writes itself')
const head = /^<!doctype html>\n<html lang="(en|sv)"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>[^<]+<\/title>\n<h1>/

it('are in Swedish for whoever would rather have that, and else in English; they fit a telephone and a dark screen', async ({ running, fredrik }) => {
  for (const [languages, language] of [['sv', 'sv'], ['sv-SE,sv;q=0.9,en;q=0.8', 'sv'], ['en-GB,en;q=0.9,sv;q=0.8', 'en'], ['de', 'en'], ['*', 'en'], ['sv;q=0', 'en'], [null, 'en']] as const) {
    const headers = { accept: 'text/html', ...(languages !== null && { 'accept-language': languages }) }
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin: hostAppOrigin }
    for (const [path, init, en, sv] of [
      ['/nowhere', {}, 'There is nothing at this address.', 'Här finns ingenting.'],
      ['/export/events.csv', {}, 'Nobody is signed in.', 'Du är inte inloggad.'],
      ['/session', { method: 'POST', headers: form, body: `token=${await tokenFor(fredrik, { aud: 'x' })}` }, 'The token of the host application is not accepted.', 'Inloggningen från programmet godtas inte.'],
      ['/session/end', { method: 'POST', headers: form, body: '' }, 'You are signed out of the audit log.', 'Du är utloggad från granskningsloggen.'],
    ] as const) {
      const response = await running.fetch(null, path, { ...init, headers: { ...headers, ...('headers' in init && init.headers) } })
      const page = await response.text()
      assert.match(page, head, path)
      assert.is(head.exec(page)?.[1], language, `${languages} ${path}`)
      assert.match(page, `<h1>${language === 'sv' ? sv : en}</h1>`)
      assert.match(response.headers.get('vary') ?? '', /accept-language/i)
      if (response.status !== 200) assert.match(page, language === 'sv' ? '>Till granskningsloggen</a>' : '>Go to the audit log</a>')
    }
  }
})

it('say in Swedish what is wrong and what to do, and leave what was sent, and what has no words, in English that is marked', () => {
  const about = { message: 'No <b>.', detail: 'q is "x"', hint: 'Do.', id: '7' }
  assert.match(errorPage({ ...about, code: 'TOO_SLOW' }, '/audit', 'sv'), '<h1>Det tog för lång tid och avbröts.</h1>\n<p lang="en">q is &#34;x&#34;</p>\n<p>Begränsa urvalet, till exempel till en kortare period.</p>\n<p><a href="/audit/company/audit-log">')
  assert.match(errorPage({ ...about, code: 'RARE' }, '', 'sv'), '<h1>Det gick inte.</h1>\n<p lang="en">No &#60;b&#62;.</p>\n<p lang="en">q is &#34;x&#34;</p>\n<p lang="en">Do.</p>\n<p><a href="/company/audit-log">')
  assert.match(errorPage({ ...about, code: 'TOO_SLOW' }, '', 'en'), '<h1>No &#60;b&#62;.</h1>\n<p>q is &#34;x&#34;</p>\n<p>Do.</p>\n<p><a')
  assert.is(inSwedish('constructor'), null)
})

it('have Swedish words for codes that there are', () => {
  const folder = new URL('../../server/', import.meta.url)
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && name !== 'swedish-errors.ts')
  const code = names.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n')
  const known = [...readFileSync(new URL('swedish-errors.ts', folder), 'utf8').matchAll(/^ {2}([A-Z_]+): \{/gm)].map(([, name = '']) => name)
  assert.ok(known.length > 15)
  for (const name of known) assert.ok(code.includes(`'${name}'`) || code.includes(`${name.toLowerCase()}: {`), name)
})

it.run()
