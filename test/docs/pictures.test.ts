import { readFile, readdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const it = suite('The pictures of the documents')
const checkout = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(checkout, 'docs/pictures')
const mostBytes = 200 * 1024

/** The pictures that the pages name, as paths in the checkout. */
async function named(): Promise<readonly string[]> {
  const pages = ['README.md', ...(await readdir(join(checkout, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
  const texts = await Promise.all(pages.map(async (page) => ({ page, text: await readFile(join(checkout, page), 'utf8') })))
  return texts.flatMap(({ page, text }) => [...text.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => relative(checkout, join(checkout, dirname(page), path ?? ''))))
}

it('are there, with a text for whoever cannot see them', async () => {
  const paths = await named()
  assert.ok(paths.includes('docs/pictures/list.webp'), paths.join(', '))
  for (const path of paths) {
    const bytes = await readFile(join(checkout, path))
    assert.is(bytes.subarray(0, 4).toString() + bytes.subarray(8, 12).toString(), 'RIFFWEBP', path)
  }
})

it('are small together, and none is kept that no page shows', async () => {
  const kept = (await readdir(folder)).filter((name) => name.endsWith('.webp'))
  const paths = await named()
  assert.equal(kept.filter((name) => !paths.includes(`docs/pictures/${name}`)), [])
  const sizes = await Promise.all(kept.map(async (name) => (await stat(join(folder, name))).size))
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= mostBytes, `${sizes.join(' + ')} bytes; npm run screenshots makes them`)
})

it.run()
