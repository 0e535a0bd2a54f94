/** What a variant took in each round, in the order of the rounds. */
export type Readings<Name extends string> = (name: Name) => readonly number[]

/**
 * Measures variants of the same work in turn, so that all of them meet the same state of the machine. Each round begins with
 * another variant; what the first round (a warm-up) says is thrown away.
 * @param measure does the work once and resolves to its reading, for example milliseconds.
 */
export async function measureInTurn<Name extends string>(names: readonly Name[], rounds: number, measure: (name: Name) => Promise<number>): Promise<Readings<Name>> {
  const readings = names.map((name) => ({ name, values: new Array<number>() }))
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % readings.length
    for (const { name, values } of [...readings.slice(first), ...readings.slice(0, first)]) {
      const reading = await measure(name)
      if (round > 0) values.push(reading)
    }
  }
  return (name) => readings.find((reading) => reading.name === name)?.values ?? []
}

/** Milliseconds that something takes. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** One reading divided by the other of the same round: what disturbs a whole round disturbs both. */
export function ratioPerRound(above: readonly number[], below: readonly number[]): number[] {
  return above.map((value, round) => value / (below[round] ?? Number.NaN))
}

/** The value in the middle; the mean of both for an even number of values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The quartiles: half of the values lie between them. */
export function spread(values: readonly number[]): { low: number; high: number } {
  return { low: quantile(values, 0.25), high: quantile(values, 0.75) }
}

/** Linear between the two nearest values, as `percentile_cont` of PostgreSQL. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}
