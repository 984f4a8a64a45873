import { join } from 'node:path'
import { openReader } from './access/as-viewer.ts'
import { startAccess } from './access/start-access.ts'
import { migrate, requireMigrated } from './database/migrate.ts'
import { connectionSettings, openDatabase } from './database/open.ts'
import type { ConfiguredPeer, Label, Logger, SearchSettings } from './deps.ts'
import { type RunningJobs, startJobs } from './jobs.ts'
import { loadIdentity, requireSignersOf } from './keys/identity.ts'
import { readFirstKeyset, readSigners } from './keys/identity-files.ts'
import { applySealing } from './log/apply-sealing.ts'
import { confirmAtStart } from './log/confirm.ts'
import { openGuard } from './log/guard.ts'
import type { SealingInterval } from './log/schedule.ts'
import { startConfirming } from './log/start-confirming.ts'
import { startTicking } from './log/start-ticking.ts'
import { createLogWriter } from './log/writer.ts'
import { directoryOf, registerPeers } from './peers.ts'
import { startProjection } from './projection/start-projection.ts'
import { createLateWaits } from './search/late-waits.ts'
import { createStemMemory } from './search/stem.ts'
import { enforceCeiling } from './sync/enforce-ceiling.ts'
import { openPeerCalls } from './sync/open-peer-calls.ts'
import type { Peer, PeerCalls } from './sync/peer-calls.ts'
import { defaultSyncOptions, type SyncDeps, startSync } from './sync/sync-loop.ts'
import { openWake } from './wake.ts'
import { renewGroups } from './workflow/renew-groups.ts'

export interface ExchangeConfig {
  readonly entityId: string
  readonly baseUrl: string
  readonly name: Readonly<Record<string, string>>
  readonly databaseUrl: string
  /** Holds `keys/` and the guard file. */
  readonly dataDir: string
  readonly peers: readonly ConfiguredPeer[]
  /** Highest label that is taken in from others; `AMBER+STRICT` where absent. */
  readonly accepts?: Label
  /** How live searches are answered, and how often one may ask; `defaultSearch` where absent. */
  readonly search?: SearchSettings
  /** When our own log grows for others: `immediate`, with every batch, where absent. */
  readonly sealing?: 'immediate' | SealingInterval
  /** Follow peers, run jobs, keep the projection. */
  readonly worker: boolean
  /** Bring the schema up to date; otherwise an older one refuses the start. */
  readonly migrate: boolean
  readonly compareEveryMs: number
  readonly log: Logger
  now(): Date
  random(bytes: number): Uint8Array
}

/** Where the configuration says nothing. */
export const defaultSearch: SearchSettings = {
  granularity: 'full',
  questionsAnHour: { peer: 3_000, person: 300 },
}

export interface RunningExchange {
  readonly deps: SyncDeps
  /** Ends background work after the transaction at hand, seals what is appended, closes the database. */
  stop(): Promise<void>
}

/**
 * Opens everything a node works with, in the order in which each needs the one before, and starts the background work.
 *
 * @throws {ExchangeError} why the node must not start: `database-unsafe`, `schema-newer`, `identity-invalid`, …
 */
export async function startExchange(config: ExchangeConfig): Promise<RunningExchange> {
  const { log, databaseUrl, dataDir } = config
  const onIdleError = (error: Error) => log.warn({ err: error.message }, 'an idle database connection broke')
  const closers: (() => unknown)[] = []
  const close = async () => {
    for (const closer of closers.reverse()) await closer()
  }
  try {
    const database = await openDatabase({ url: databaseUrl, onIdleError })
    const { db, pool } = database
    closers.push(() => database.close())
    if (config.migrate) await migrate(pool)
    else await requireMigrated(pool)
    const reader = await openReader({ url: databaseUrl, onIdleError })
    closers.push(() => reader.destroy())
    const firstKeyset = await readFirstKeyset(dataDir)
    const identity = await loadIdentity(db, { ...config, firstKeyset })
    const signers = { ...(await readSigners(dataDir)) }
    requireSignersOf(identity.keyset(), signers)
    const guard = openGuard(join(dataDir, 'guard'))
    closers.push(() => guard.close())
    const connection = connectionSettings(databaseUrl)
    const wake = await openWake(connection, log)
    closers.push(() => wake.close())
    const { now, random, accepts = 'AMBER+STRICT', search = defaultSearch } = config
    const reloadSigners = async () => void Object.assign(signers, await readSigners(dataDir))
    const writer = createLogWriter({ db, identity, signers, reloadSigners, guard, log, now, random, wake, connection })
    closers.push(() => writer.close())
    const peers = directoryOf(config.peers)
    const calls = new Map<string, PeerCalls>()
    closers.push(() => Promise.all([...calls.values()].map((peerCalls) => peerCalls.close())))
    const callPeer = (peer: Peer) => {
      const known = calls.get(peer.iss) ?? openPeerCalls(deps, peer)
      calls.set(peer.iss, known)
      return known
    }
    const parts = {
      db,
      pool,
      reader,
      identity,
      signers,
      guard,
      peers,
      wake,
      writer,
      log,
      now,
      random,
      stems: createStemMemory(),
    }
    const lateWaits = createLateWaits()
    closers.push(() => lateWaits.close())
    const deps: SyncDeps = { ...parts, accepts, search, callPeer, lateWaits }
    await registerPeers(deps)
    await enforceCeiling(deps)
    await confirmAtStart(deps)
    await applySealing(deps, intervalOf(config))
    const background = config.worker ? await startBackground(deps, config) : []
    closers.push(() => Promise.all(background.map((work) => work.stop())))
    return { deps, stop: close }
  } catch (error) {
    await close()
    throw error
  }
}

function intervalOf({ sealing }: ExchangeConfig): SealingInterval | undefined {
  return sealing === 'immediate' ? undefined : sealing
}

async function startBackground(deps: SyncDeps, config: ExchangeConfig): Promise<RunningJobs[]> {
  const { compareEveryMs } = config
  const jobs = await startJobs(deps, {
    async reseal() {
      await deps.writer.seal({ freshenAfterSeconds: freshForSeconds })
    },
    renewGroups: () => renewGroups(deps),
    async notifyPeer(iss) {
      const peer = deps.peers.find(iss)
      const size = deps.wake.latest(`log:${deps.identity.iss}`)
      await (peer && deps.callPeer(peer).notify(size))?.catch((error: Error) => {
        deps.log.debug({ peer: iss, err: error.message }, 'a hint did not arrive; the peer will ask by itself')
      })
    },
  })
  const sync = startSync(deps, { ...defaultSyncOptions, compareEveryMs })
  const interval = intervalOf(config)
  const ticking = interval ? [startTicking(deps, interval)] : []
  return [startConfirming(deps), startProjection(deps), startAccess(deps), sync, jobs, ...ticking]
}

/** A quiet log signs its size again, so that peers see that it is alive and nothing is held back. */
const freshForSeconds = 6 * 60 * 60 - 15 * 60
