import { type Logger, pino } from 'pino'
import type { NodeConfig } from './config.ts'

/** The node's log, JSON lines on stderr: stdout belongs to the data of whatever command runs the node. */
export function createLogger(level: NodeConfig['logLevel']): Logger {
  return pino({ level }, pino.destination({ fd: 2, sync: false }))
}
