import { type Keyset, type VerifyKey, verifyKeyset } from '@concordance/protocol'
import { sql } from 'kysely'
import { resetAccess, settleAccess } from './access/refresh-access.ts'
import { audit } from './audit.ts'
import type { PeerState } from './database/tables.ts'
import type { ConfiguredPeer, Deps, PeerDirectory } from './deps.ts'
import { ExchangeError } from './error.ts'

/** The peers of the configuration, by entity id. */
export function directoryOf(peers: readonly ConfiguredPeer[]): PeerDirectory {
  const byIss = new Map(peers.map((peer) => [peer.iss, peer]))
  return { list: () => peers, find: (iss) => byIss.get(iss) }
}

/**
 * Enters the configured peers, new ones as active; one that left the configuration is removed and answered no more. A peer
 * that comes back, or whose ceiling was changed, is told to read our log again.
 */
export async function registerPeers({ db, peers, now }: Pick<Deps, 'db' | 'peers' | 'now'>): Promise<void> {
  const configured = peers.list()
  await db.transaction().execute(async (trx) => {
    await sql`select from log where is_own for no key update`.execute(trx)
    const before = await trx.selectFrom('peer').select(['iss', 'state', 'ceiling']).execute()
    for (const { iss, baseUrl, pin, ceiling = highestCeiling } of configured) {
      const values = { base_url: baseUrl, pin, ceiling }
      await trx
        .insertInto('peer')
        .values({ iss, ...values })
        .onConflict((conflict) => conflict.column('iss').doUpdateSet({ ...values, state: backIfRemoved }))
        .execute()
      const known = before.find((peer) => peer.iss === iss)
      const isSame = known && known.state !== 'removed' && known.ceiling === ceiling
      if (known && !isSame) await resetAccess(iss, now()).execute(trx)
      if (!isSame) await settleAccess(iss, now()).execute(trx)
    }
    const names = configured.map(({ iss }) => iss)
    const others = trx.updateTable('peer').set({ state: 'removed' })
    await (names.length > 0 ? others.where('iss', 'not in', names) : others).execute()
  })
}

/** Where the configuration says nothing. RED is never given to anybody. */
const highestCeiling = 'AMBER+STRICT'

/** Takes an active peer out for a while, or back in. @throws {ExchangeError} `not-found` for one that is not configured. */
export async function suspendPeer(deps: Deps, iss: string, act: 'suspend' | 'resume', actor: string): Promise<void> {
  const [from, to] = act === 'suspend' ? (['active', 'suspended'] as const) : (['suspended', 'active'] as const)
  await deps.db.transaction().execute(async (trx) => {
    await sql`select from log where is_own for no key update`.execute(trx)
    const peer = await trx.selectFrom('peer').select('state').where('iss', '=', iss).executeTakeFirst()
    if (!peer || peer.state === 'removed') throw new ExchangeError('not-found', 'there is no such peer')
    if (peer.state !== from) return
    await trx.updateTable('peer').set({ state: to }).where('iss', '=', iss).execute()
    if (act === 'resume') {
      await resetAccess(iss, deps.now()).execute(trx)
      await settleAccess(iss, deps.now()).execute(trx)
    }
    await audit(trx, { at: deps.now(), actor, act: `peer.${act}`, target: iss, detail: {} })
  })
  keysetsOf(deps).delete(iss)
}

/** A peer that comes back into the configuration is active again; a suspended one stays suspended. */
const backIfRemoved = sql<PeerState>`case when peer.state = 'removed' then 'active' else peer.state end`

/** The configured peers that are active now. */
export async function listActivePeers({ db, peers }: Pick<Deps, 'db' | 'peers'>): Promise<ConfiguredPeer[]> {
  const rows = await db.selectFrom('peer').select('iss').where('state', '=', 'active').execute()
  const active = new Set(rows.map((row) => row.iss))
  return peers.list().filter((peer) => active.has(peer.iss))
}

const rememberedMs = 2_000
const askAgainMs = 5_000

/**
 * The request key `kid` of an active peer, from the newest keyset document verified here; undefined where the peer is
 * not active, or shows no such key. A peer whose document is not known yet is looked up soon.
 */
export async function findPeerKey(deps: Deps, iss: string, kid: string): Promise<VerifyKey | undefined> {
  const peer = deps.peers.find(iss)
  if (!peer) return undefined
  const keysets = keysetsOf(deps)
  const nowMs = deps.now().getTime()
  let known = keysets.get(iss)
  if (!known || known.until <= nowMs) {
    const keyset = await findNewestKeyset(deps, peer)
    known = { keyset, until: nowMs + rememberedMs, askedAt: known?.askedAt ?? 0 }
    keysets.set(iss, known)
  }
  const key = known.keyset?.findKey(kid, 'request')
  if (!key && nowMs - known.askedAt > askAgainMs) {
    known.askedAt = nowMs
    deps.wake.announce(`hint:${iss}`, nowMs)
  }
  return key
}

interface KnownKeyset {
  readonly keyset: Keyset | undefined
  readonly until: number
  askedAt: number
}

const remembered = new WeakMap<Deps['db'], Map<string, KnownKeyset>>()

/** One memory a database, so that several nodes can live in one process. */
function keysetsOf({ db }: Deps): Map<string, KnownKeyset> {
  const known = remembered.get(db) ?? new Map<string, KnownKeyset>()
  remembered.set(db, known)
  return known
}

async function findNewestKeyset({ db }: Deps, { iss, pin }: ConfiguredPeer): Promise<Keyset | undefined> {
  const active = await db
    .selectFrom('peer')
    .select('iss')
    .where('iss', '=', iss)
    .where('state', '=', 'active')
    .execute()
  if (active.length === 0) return undefined
  const rows = await db.selectFrom('keyset').select('document').where('iss', '=', iss).orderBy('seq').execute()
  let newest: Keyset | undefined
  for (const { document } of rows) newest = verifyKeyset(document, { iss, pin, ...(newest && { previous: newest }) })
  return newest
}
