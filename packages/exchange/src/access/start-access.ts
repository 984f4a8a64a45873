import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Deps } from '../deps.ts'
import { lengthOfFeed } from './access-feed.ts'
import { openedUntold, refreshAccess, retellAccess, type Scope, withEndedEmbargo } from './refresh-access.ts'

const lookAgainMs = 5_000
const pauseAfterFailureMs = 1_000

/**
 * Brings the access feeds up to date after something outside an append has changed rights to our own entries, and wakes
 * the peers that wait. Safe to repeat: what was told is not told again.
 */
export async function changeAccess(deps: Deps, scope: Scope): Promise<void> {
  const changed = await deps.db.transaction().execute(async (trx) => {
    await sql`select from log where is_own for no key update`.execute(trx)
    const before = await trx
      .selectFrom('access_item')
      .select(({ fn }) => fn.countAll<number>().as('items'))
      .executeTakeFirst()
    const now = deps.now()
    const hasEnded = withEndedEmbargo(Math.floor(now.getTime() / 1_000))
    await retellAccess(sql<boolean>`${scope} and ${hasEnded} and ${openedUntold}`, now).execute(trx)
    await refreshAccess(scope, now).execute(trx)
    const after = await trx
      .selectFrom('access_item')
      .select(({ fn }) => fn.countAll<number>().as('items'))
      .executeTakeFirst()
    return before?.items !== after?.items
  })
  if (changed) await announceAccess(deps)
}

/** Says to everybody who waits how long their feeds are. */
export async function announceAccess(deps: Deps): Promise<void> {
  for (const { iss } of deps.peers.list()) deps.wake.announce(`access:${iss}`, await lengthOfFeed(deps, iss))
}

/** Opens what was under embargo when its time has come, by our clock, until stopped. */
export function startAccess(deps: Deps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  const running = (async () => {
    while (!signal.aborted) {
      try {
        await changeAccess(deps, withEndedEmbargo(Math.floor(deps.now().getTime() / 1_000)))
        await sleep(await untilNextEmbargo(deps), undefined, { signal })
      } catch (error) {
        if (signal.aborted) break
        deps.log.error({ err: error }, 'ended embargoes were not opened')
        await sleep(pauseAfterFailureMs, undefined, { signal }).catch(() => undefined) // our own abort
      }
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function untilNextEmbargo({ db, now }: Deps): Promise<number> {
  const nowMs = now().getTime()
  const row = await db
    .selectFrom('own_record')
    .select(({ fn }) => fn.min('embargo_until').as('next'))
    .where('embargo_until', '>', Math.floor(nowMs / 1_000))
    .executeTakeFirst()
  const leftMs = row?.next ? row.next * 1_000 - nowMs : lookAgainMs
  return Math.max(0, Math.min(leftMs, lookAgainMs))
}
