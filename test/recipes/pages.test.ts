import { readdir, readFile } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeTestDatabase } from '../harness/database.ts'
import { codeBlocks, type CodeBlock } from './code-blocks.ts'

const test = suite('The pages of the recipes')
const pagesFolder = new URL('../../docs/recipes/', import.meta.url)
const testsFolder = new URL('./', import.meta.url)
/** Prisma's tool downloads an engine when it generates the client, so that no test here can run its page. */
const checkedByHand = ['prisma.md']
let pages: Map<string, string>
let files: Map<string, string>
let tests: Map<string, string>

async function readAll(folder: URL, ending: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ending)).sort()
  return new Map(await Promise.all(names.map(async (name): Promise<[string, string]> => [name, await readFile(new URL(name, folder), 'utf8')])))
}

test.before(async () => {
  pages = await readAll(pagesFolder, '.md')
  files = new Map([...await readAll(pagesFolder, '.ts'), ...await readAll(pagesFolder, '.sql')])
  tests = await readAll(testsFolder, '.test.ts')
})

const blocksIn = (language: string): (CodeBlock & { page: string })[] =>
  [...pages].flatMap(([page, text]) => codeBlocks(text).map((block) => ({ ...block, page }))).filter((block) => block.language === language)

test('show each file whole, as the tests run it', () => {
  const blocks = [...blocksIn('ts'), ...blocksIn('sql')].map(({ code }) => code)
  for (const [name, text] of files) assert.ok(blocks.includes(text), `No page shows docs/recipes/${name} as it is now.`)
})

const withoutIndentation = (code: string): string => code.replaceAll(/^ +/gm, '').trimEnd()

test('show no other TypeScript than what stands in the test of the page', () => {
  const whole = new Set(files.values())
  for (const { page, code } of blocksIn('ts')) {
    if (whole.has(code) || checkedByHand.includes(page)) continue
    const name = page.replace('.md', '.test.ts')
    assert.ok(withoutIndentation(tests.get(name) ?? '').includes(withoutIndentation(code)), `docs/recipes/${page} shows what is not in test/recipes/${name}:\n${code}`)
  }
})

test('have a test each, are named by the first one, and say what is recorded and what is not', () => {
  for (const [page, text] of pages) {
    if (page === 'README.md') continue
    assert.ok(tests.has(page.replace('.md', '.test.ts')) || checkedByHand.includes(page), `docs/recipes/${page} has no test.`)
    assert.ok(pages.get('README.md')?.includes(`(${page})`), `docs/recipes/README.md does not name ${page}.`)
    for (const heading of ['**Where it goes**', '**Not recorded**']) assert.ok(text.includes(heading), `docs/recipes/${page} does not say ${heading}.`)
  }
})

test('ask a question that finds deletes of which nobody said who does them', async () => {
  const db = await makeTestDatabase()
  const app = await db.as('consultant_app')
  await app.query(`set application_name to 'forgotten worker'`)
  await app.query('delete from app.cv where id = (select min(id) from app.cv)')
  const reader = await db.as('audit_reader')
  const question = codeBlocks(pages.get('README.md') ?? '').find(({ code }) => code.includes('missing'))
  const { rows } = await reader.query(question?.code ?? '')
  assert.equal(rows.filter(({ application_name }) => application_name === 'forgotten worker'),
    [{ application_name: 'forgotten worker', db_user: 'consultant_app', action: 'cv.deleted', count: '1' }])
  await db.drop()
})

test.run()
