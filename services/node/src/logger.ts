import { type Logger, pino } from 'pino'
import type { LogLevel } from './config.ts'

/**
 * A log of lines in JSON: ids, codes and verified identities, never content, tokens or queries.
 *
 * @param fd Where to: stdout, or 2 for stderr, where stdout belongs to the data of a command.
 */
export function createLogger(level: LogLevel, fd: 1 | 2 = 1): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } }
  return pino(options, pino.destination(fd))
}

/**
 * What of an error may be logged. Messages of foreign libraries quote what they were given, and a database error carries
 * whole rows, so only our own classes keep their message.
 */
export function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error }
  const { name, message, stack = '', cause } = error
  const code = (error as { code?: unknown }).code
  return {
    type: name,
    ...(typeof code === 'string' && { code }),
    ...(ours.has(name) ? { message } : { stack: framesOf(stack) }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  }
}

const ours = new Set(['ClientError', 'ExchangeError', 'LogError', 'NodeError', 'ProtocolError', 'SyncError'])

/** Without the first lines, which repeat the message. */
function framesOf(stack: string): string[] {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .map((line) => line.trim())
}
