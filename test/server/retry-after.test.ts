import { readdirSync, readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const it = suite('Whoever is told that something is away')
const folder = new URL('../../server/', import.meta.url)

/** The texts in the outermost braces or parentheses that begin at a place of a file. */
function literalAt(text: string, start: number): string {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    if ('({'.includes(text[at] ?? '')) depth += 1
    else if (')}'.includes(text[at] ?? '') && (depth -= 1) === 0) return text.slice(start, at + 1)
  }
  throw new Error(`What begins at ${start} does not end.`)
}

it('is told when to try again: every 503 of the code has Retry-After', () => {
  const answers = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).flatMap((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    return [...text.matchAll(/(?:new Refusal|\.writeHead|\.status)(?=\()/g)].map(({ index, 0: begun }) => ({ file, literal: literalAt(text, index + begun.length) }))
  }).filter(({ literal }) => /\b503\b/.test(literal))
  assert.ok(answers.length >= 14, String(answers.length))
  assert.equal(answers.filter(({ literal }) => !/'retry-after'/.test(literal)).map(({ file, literal }) => `${file}: ${literal.slice(0, 120)}`), [])
})

it.run()
