import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createTestDatabase } from '../../../../test/support/database.ts'
import type { ConfiguredPeer, Label, Logger } from '../../src/deps.ts'
import { createIdentity } from '../../src/keys/identity-files.ts'
import { type ExchangeConfig, type RunningExchange, startExchange } from '../../src/start-exchange.ts'

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** Seconds at which the clock of a test stands until it is moved. */
export const start = 1_790_000_000

export interface Institute extends RunningExchange {
  readonly iss: string
  readonly dataDir: string
  readonly url: string
  readonly pin: string
  /** Moves the clock; one for all nodes of the institute. */
  readonly clock: { seconds: number }
  /** A node on the same keys and guard: the same database, or another one, such as a restored backup. */
  open(url?: string, changes?: Pick<InstituteOptions, 'sealing' | 'accepts'>): Promise<RunningExchange>
}

export interface InstituteOptions {
  readonly iss?: string
  readonly peers?: readonly ConfiguredPeer[]
  readonly accepts?: Label
  readonly worker?: boolean
  readonly sealing?: ExchangeConfig['sealing']
}

/** An institute with a database and data folder of its own, both gone when the test ends. */
export async function openInstitute(t: Test, options: InstituteOptions = {}): Promise<Institute> {
  const { iss = 'https://a.institute.example', peers = [], worker = false } = options
  const { url } = await createTestDatabase(t)
  const dataDir = await mkdtemp(join(tmpdir(), 'concordance-test-'))
  const clock = { seconds: start }
  const now = () => new Date(clock.seconds * 1_000)
  const pin = await createIdentity(dataDir, { entityId: iss, now: now() })
  const running: RunningExchange[] = []
  const open: Institute['open'] = async (databaseUrl = url, changes = {}) => {
    const { sealing, accepts } = { ...options, ...changes }
    const exchange = await startExchange({
      entityId: iss,
      baseUrl: iss,
      name: { en: 'Institute A' },
      databaseUrl,
      dataDir,
      peers,
      worker,
      ...(accepts && { accepts }),
      migrate: true,
      compareEveryMs: 60_000,
      log: silent,
      now,
      random: (bytes) => randomBytes(bytes),
      ...(sealing && { sealing }),
    })
    let stopped: Promise<void> | undefined
    const handle = { deps: exchange.deps, stop: () => (stopped ??= exchange.stop()) }
    running.push(handle)
    return handle
  }
  t.teardown(async () => {
    for (const exchange of running.reverse()) await exchange.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return { ...(await open()), iss, dataDir, url, pin, clock, open }
}

let keys = 0

/** A call that nobody made before. */
export function call(actor = 'ada') {
  return { actor, idempotencyKey: `test-key-${++keys}` }
}
