import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { coveredCases, describeCases } from './cases.ts'

const it = suite('npm test -- --cases')
const caseNamed = (number: number) => `[case ${number}]`

it('finds each number in the names of tests, whatever quotes they have', () => {
  const file = [
    `it('one ${caseNamed(48)}', () => {})`,
    `it("two of Åsa's ${caseNamed(50)} ${caseNamed(3)}", () => {})`,
    'const names = [[`three ' + caseNamed(48) + '`, 1], ["no case"]] // ' + caseNamed(99),
  ].join('\n')
  assert.equal(coveredCases([{ file: 'db/b.test.ts', text: file }, { file: 'db/a.test.ts', text: `it('it\\'s ${caseNamed(48)}', …` }]), [
    { number: 3, file: 'db/b.test.ts', test: `two of Åsa's` },
    { number: 48, file: 'db/a.test.ts', test: `it's` },
    { number: 48, file: 'db/b.test.ts', test: 'one' },
    { number: 48, file: 'db/b.test.ts', test: 'three' },
    { number: 50, file: 'db/b.test.ts', test: `two of Åsa's` },
  ])
})

it('writes a number once', () => {
  assert.is(describeCases([{ number: 48, file: 'a', test: 'one' }, { number: 48, file: 'b', test: 'two' }]), 'case 48   a  one\n          b  two\n1 cases are covered by 2 tests.')
})

it('takes several numbers in one bracket', () => {
  assert.equal(coveredCases([{ file: 'a', text: `it('some [case ${3}, ${5}]', …` }]).map(({ number, test }) => [number, test]), [[3, 'some'], [5, 'some']])
})

it('says of a number without a test why', () => {
  assert.is(describeCases([{ number: 48, file: 'a', test: 'one' }], [48, 49, 50], { 48: 'never printed', 49: 'not built' }),
    'case 48   a  one\ncase 49   not covered: not built.\ncase 50   not covered: nobody has said why.\n1 cases are covered by 1 tests, 2 are not.')
})

it('lists them without running a test', () => {
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(new URL('../run.ts', import.meta.url)), '--cases'], { encoding: 'utf8', env: { ...process.env, TEST_FOLDER: fileURLToPath(new URL('..', import.meta.url)) } })
  assert.is(status, 0)
  assert.match(stdout, /^case 99 +soak\/crash\.test\.ts {2}loses no entry/m)
  assert.match(stdout, /\d+ cases are covered by \d+ tests, \d+ are not\.\n$/)
  assert.not.match(stdout, /nobody has said why/)
})

it.run()
