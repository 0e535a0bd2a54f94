import { PassThrough } from 'node:stream'
import { WriteStream } from 'node:tty'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withProgress } from '../../operator/progress.ts'

const it = suite('The progress of something long')

/** What is written onto a screen, or into a file. */
async function written(isTerminal: boolean, work: (progress: (done: number) => void) => Promise<unknown>): Promise<{ text: string; result: unknown }> {
  const bytes = new PassThrough()
  const stream: NodeJS.WriteStream = Object.create(WriteStream.prototype, {
    isTTY: { value: isTerminal }, columns: { value: 100 }, rows: { value: 20 },
    write: { value: (piece: string) => bytes.write(piece) }, clearLine: { value: () => true }, cursorTo: { value: () => true }, moveCursor: { value: () => true }, clearScreenDown: { value: () => true },
  })
  const result = await withProgress(200, 'entries', work, stream)
  return { text: String(bytes.read() ?? ''), result }
}

it('is shown on a terminal as a bar with what is done', async () => {
  const { text, result } = await written(true, async (progress) => {
    progress(50)
    await new Promise((resolve) => setTimeout(resolve, 250))
    progress(260)
    return 'done'
  })
  assert.match(text, '25 % · 50 of 200 entries')
  assert.match(text, '260 of 260 entries')
  assert.is(result, 'done')
})

it('is not written into a file', async () => {
  assert.equal(await written(false, async (progress) => { progress(50); return 7 }), { text: '', result: 7 })
})

it('leaves the screen as it was, also when it fails', async () => {
  const hidden = '\u001b[?25l'
  const shown = '\u001b[?25h'
  let text = ''
  const stream: NodeJS.WriteStream = Object.create(WriteStream.prototype, {
    isTTY: { value: true }, columns: { value: 100 }, write: { value: (piece: string) => { text += piece; return true } }, clearLine: { value: () => true }, cursorTo: { value: () => true }, clearScreenDown: { value: () => true },
  })
  await withProgress(10, 'entries', () => Promise.reject(new Error('the database went away')), stream).then(() => assert.unreachable(), (error) => assert.match(error.message, 'went away'))
  assert.ok(text.includes(hidden) && text.lastIndexOf(shown) > text.lastIndexOf(hidden), JSON.stringify(text))
})

it.run()
