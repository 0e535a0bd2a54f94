import * as uvu from 'uvu'
import type { Callback, Test } from 'uvu'

/**
 * What test files get when they import `uvu`: uvu itself, whose suites also tell what happens in them. uvu swallows an error
 * of `suite.before`, and knows nothing of a suite whose `.run()` is forgotten; here neither is lost.
 * `run-file.ts` puts this file in the place of `uvu`.
 */
export type WatchedSuite = { name: string; tests: number; isRun: boolean; hasOnly: boolean; hookErrors: { hook: Hook; error: unknown }[]; times: { title: string; milliseconds: number }[] }

type Hook = 'before' | 'after' | 'after.each'

/** Every suite that was created in this process. */
export const suites: WatchedSuite[] = []

export const exec = uvu.exec
export const test = watch('', uvu.test)

export function suite<T>(name = '', context?: T): Test<T> {
  return watch(name, uvu.suite<T>(name, context))
}

function watch<T>(name: string, original: Test<T>): Test<T> {
  const seen: WatchedSuite = { name, tests: 0, isRun: false, hasOnly: false, hookErrors: [], times: [] }
  suites.push(seen)
  const timed = (title: string, callback: Callback<T>): Callback<T> => async (context) => {
    const start = performance.now()
    try {
      await callback(context)
    } finally {
      seen.times.push({ title, milliseconds: performance.now() - start })
    }
  }
  const note = (hook: Hook, callback: Callback<T>): Callback<T> => async (context) => {
    try {
      await callback(context)
    } catch (error) {
      seen.hookErrors.push({ hook, error })
      // After an error in the last hook uvu would forget the results of the whole suite.
      if (hook !== 'after') throw error
    }
  }
  const add = (title: string, callback: Callback<T>): void => {
    seen.tests += 1
    original(title, timed(title, callback))
  }
  const only = (title: string, callback: Callback<T>): void => {
    seen.hasOnly = true
    seen.tests += 1
    original.only(title, timed(title, callback))
  }
  const run = (): void => {
    seen.isRun = true
    original.run()
  }
  const before = Object.assign(
    (callback: Callback<T>): void => original.before(timed('before all', note('before', callback))),
    { each: original.before.each },
  )
  const after = Object.assign(
    (callback: Callback<T>): void => original.after(note('after', callback)),
    { each: (callback: Callback<T>): void => original.after.each(note('after.each', callback)) },
  )
  return Object.assign(add, { only, skip: original.skip, before, after, run })
}
