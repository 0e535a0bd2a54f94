import { SingleBar } from 'cli-progress'

/** Told how much of something is done. */
export type Progress = (done: number) => void

/**
 * Shows a bar on a terminal while something long goes on. Into a file or a pipe cli-progress writes nothing: a log of bars helps nobody.
 * @param what is counted, such as `entries`
 * @param stream on which a person looks; standard error, so that the result alone is on standard output
 */
export async function withProgress<Result>(total: number, what: string, work: (progress: Progress) => Promise<Result>, stream: NodeJS.WriteStream = process.stderr): Promise<Result> {
  const bar = new SingleBar({
    stream, hideCursor: true, clearOnComplete: true, etaBuffer: 100,
    format: `{bar} {percentage} % · {value} of {total} ${what} · {duration_formatted}, {eta_formatted} left`,
  })
  bar.start(total, 0)
  try {
    return await work((done) => {
      // What comes in meanwhile is done too.
      if (done > bar.getTotal()) bar.setTotal(done)
      bar.update(done)
    })
  } finally {
    bar.stop()
  }
}
