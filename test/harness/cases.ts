/** A test that covers a numbered hostile case: its file and its name. */
export type CoveredCase = { number: number; file: string; test: string }

const stringLiteral = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

/** Finds the tests whose names carry `[case N]`, ordered by number and file. A name with several numbers counts for each. */
export function coveredCases(files: readonly { file: string; text: string }[]): CoveredCase[] {
  return files
    .flatMap(({ file, text }) => text.split('\n').flatMap((line) => [...line.matchAll(stringLiteral)]).flatMap(([literal]) => {
      const name = literal.slice(1, -1).replaceAll(/\\(.)/g, '$1')
      return [...name.matchAll(/\[case (\d+)\]/g)].map((found) => ({ number: Number(found[1]), file, test: name.replaceAll(/ *\[case \d+\]/g, '') }))
    }))
    .sort((one, other) => one.number - other.number || (one.file < other.file ? -1 : 1))
}

/** The same as text, one test on each line. */
export function describeCases(cases: readonly CoveredCase[]): string {
  const lines = cases.map(({ number, file, test }, index) => `${(cases[index - 1]?.number === number ? '' : `case ${number}`).padEnd(9)} ${file}  ${test}`)
  return [...lines, `${new Set(cases.map(({ number }) => number)).size} cases are covered by ${cases.length} tests.`].join('\n')
}
