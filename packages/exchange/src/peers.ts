import { sql } from 'kysely'
import { resetAccess, settleAccess } from './access/refresh-access.ts'
import { audit } from './audit.ts'
import type { PeerState } from './database/tables.ts'
import type { ConfiguredPeer, Deps, PeerDirectory } from './deps.ts'
import { ExchangeError } from './error.ts'
import { forgetKeys } from './peer-keys.ts'

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
  forgetKeys(deps.db, iss)
}

/** A peer that comes back into the configuration is active again; a suspended one stays suspended. */
const backIfRemoved = sql<PeerState>`case when peer.state = 'removed' then 'active' else peer.state end`

/** The configured peers that are active now. */
export async function listActivePeers({ db, peers }: Pick<Deps, 'db' | 'peers'>): Promise<ConfiguredPeer[]> {
  const rows = await db.selectFrom('peer').select('iss').where('state', '=', 'active').execute()
  const active = new Set(rows.map((row) => row.iss))
  return peers.list().filter((peer) => active.has(peer.iss))
}
