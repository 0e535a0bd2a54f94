import { pino, type DestinationStream, type Logger } from 'pino'

/**
 * The log: JSON lines on standard error. Of an error only type, code, message and stack are written, because the further
 * properties of a database error hold SQL and values of rows.
 */
export function makeLogger(level: string, destination: DestinationStream = pino.destination({ fd: 2, sync: true })): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError, error: describeError } }, destination)
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause } = error
  const code: unknown = Reflect.get(error, 'code')
  // PostgreSQL quotes the offending value in its message, and the stack begins with the message.
  const isOfDatabase = typeof Reflect.get(error, 'severity') === 'string'
  // What a function of the host application raises may say anything.
  const isOfHost = isOfDatabase && typeof code === 'string' && code.startsWith('P0')
  const shown = isOfHost ? 'a function in the database raised an error' : isOfDatabase ? message.replace(/".*/s, '"…') : message
  return { type: name, message: shown, stack: stack?.replace(message, shown), ...(typeof code === 'string' && { code }), ...(cause !== undefined && { cause: describeError(cause) }) }
}
