import type pg from 'pg'
import type { Deps } from '../deps.ts'

/** Which peers this process follows. One process at a time holds a peer; the others look again at their next pass. */
export interface PeerLocks {
  /** True when this process holds the peer from now on, or already did. Rejects when the database does not answer. */
  hold(iss: string): Promise<boolean>
  release(): Promise<void>
}

/**
 * Session advisory locks on one connection kept for them. They spare double work and nothing more: if the connection
 * is lost, staging still refuses a second process, because it locks the mirror's row and compares where it stands.
 */
export function openPeerLocks({ pool, log }: Deps): PeerLocks {
  let client: Promise<pg.PoolClient> | undefined
  let held = new Set<string>()
  const lent = new Set<pg.PoolClient>()

  const connect = async () => {
    const next = await pool.connect()
    next.on('error', (error) => {
      if (!lent.has(next)) return
      log.warn({ err: error.message }, 'lost the connection that holds the peers')
      client = undefined
      held = new Set()
      giveBack(next, error)
    })
    lent.add(next)
    return next
  }
  /** To the pool, once: a connection can break while it is being given back. */
  const giveBack = (last: pg.PoolClient, error?: Error) => {
    if (lent.delete(last)) last.release(error)
  }
  const take = async (iss: string) => {
    client ??= connect().catch((error) => {
      client = undefined
      throw error
    })
    const { rows } = await (await client).query('select pg_try_advisory_lock(hashtextextended($1, 0)) as taken', [
      `follow ${iss}`,
    ])
    if (rows[0]?.taken) held.add(iss)
    return held.has(iss)
  }
  let before: Promise<unknown> = Promise.resolve()
  return {
    hold(iss) {
      if (held.has(iss)) return Promise.resolve(true)
      // The loops of all peers begin together, and a connection of the pool answers one question at a time.
      const taken = before.then(() => take(iss))
      before = taken.catch(() => {}) // the caller hears of it; the next one asks for itself
      return taken
    },
    async release() {
      await before
      const last = await client?.catch(() => undefined) // never connected: nothing is held
      if (!last) return
      client = undefined
      await last.query('select pg_advisory_unlock_all()').catch(() => undefined) // broken: its locks are gone with it
      giveBack(last)
    },
  }
}
