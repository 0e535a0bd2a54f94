/** A test that covers a numbered hostile case: its file and its name. */
export type CoveredCase = { number: number; file: string; test: string }

const stringLiteral = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

/** Finds the tests whose names carry `[case N]` or `[case N, M]`, ordered by number and file. A name with several numbers counts for each. */
export function coveredCases(files: readonly { file: string; text: string }[]): CoveredCase[] {
  return files
    .flatMap(({ file, text }) => text.split('\n').flatMap((line) => [...line.matchAll(stringLiteral)]).flatMap(([literal]) => {
      const name = literal.slice(1, -1).replaceAll(/\\(.)/g, '$1')
      const numbers = [...name.matchAll(/\[case ([\d, ]+)\]/g)].flatMap(([, list]) => (list ?? '').split(',').map(Number))
      return numbers.map((number) => ({ number, file, test: name.replaceAll(/ *\[case [\d, ]+\]/g, '') }))
    }))
    .sort((one, other) => one.number - other.number || (one.file < other.file ? -1 : 1))
}

/** The same as text, one test on each line, and after them the numbers that no test covers, with the reason. */
export function describeCases(cases: readonly CoveredCase[], numbers: readonly number[] = [], reasons: Readonly<Record<number, string>> = {}): string {
  const lines = cases.map(({ number, file, test }, index) => `${(cases[index - 1]?.number === number ? '' : `case ${number}`).padEnd(9)} ${file}  ${test}`)
  const covered = new Set(cases.map(({ number }) => number))
  const open = numbers.filter((number) => !covered.has(number))
  return [
    ...lines,
    ...open.map((number) => `${`case ${number}`.padEnd(9)} not covered: ${reasons[number] ?? 'nobody has said why'}.`),
    `${covered.size} cases are covered by ${cases.length} tests${open.length === 0 ? '' : `, ${open.length} are not`}.`,
  ].join('\n')
}
