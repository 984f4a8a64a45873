import type { Dispatcher } from 'undici'
import type { AddressGuard } from './address-guard.ts'
import { connectTimeoutMs } from './create-client.ts'
import { Agent, buildConnector } from './undici.ts'

/** Enough for a long poll, a page, a comparison and a search at the same time. */
const connectionsPerHost = 6

/** Connections that only go where the guard lets them: no proxy of the environment, certificates always checked. */
export function createGuardedAgent(guard: AddressGuard): Dispatcher {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    allowH2: false,
    lookup: guard.lookup,
    // Said aloud because the environment can switch the default off for the whole process.
    rejectUnauthorized: true,
  })
  return new Agent({
    connections: connectionsPerHost,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: 30_000,
    connect: (options, callback) => {
      try {
        guard.checkLiteral(options.hostname)
      } catch (error) {
        callback(error as Error, null)
        return
      }
      connect(options, callback)
    },
  })
}
