import express, { type ErrorRequestHandler, type Express } from 'express'
import type { Logger } from 'pino'
import { answerBare, setBareHeaders } from './bare-answer.ts'
import type { Metrics } from './metrics.ts'
import { serveMetrics } from './metrics-access.ts'

/** What is served at METRICS_ADDRESS: the metrics, and of everything else that it is not there, in the form of every other error. */
export function makeMetricsApp(metrics: Metrics, logger: Logger): Express {
  const app = express().disable('x-powered-by').set('etag', false).enable('case sensitive routing').enable('strict routing')
  app.use(setBareHeaders)
  app.get('/metrics', serveMetrics(metrics, 'everybody'))
  app.use((_request, response) => answerBare(response, { status: 404, code: 'NOT_FOUND', message: 'There is nothing at this address.' }))
  const answerError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    // Of a path that is no percent-encoded UTF-8 express says 400.
    const isUnreadable = error instanceof Error && Reflect.get(error, 'status') === 400
    if (!isUnreadable) logger.error({ err: error }, 'the metrics could not be read')
    if (response.headersSent) return void response.destroy()
    answerBare(response, isUnreadable ? { status: 400, code: 'BAD_REQUEST', message: 'The request cannot be read.' } : { status: 500, code: 'INTERNAL', message: 'Something went wrong on the server.' })
  }
  app.use(answerError)
  return app
}
