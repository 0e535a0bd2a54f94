import { RequestError } from '../request/request-error.ts'
import type { TextKey } from '../text/translate.ts'

/** Why a view was not saved, or not deleted: that there are too many, a person can mend. */
export const viewProblem = (error: unknown): TextKey =>
  error instanceof RequestError && error.code === 'AU008' ? 'view.too_many' : 'view.not_saved'
