import type { Transaction } from 'kysely'
import { audit } from '../audit.ts'
import type { Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { uuidv7 } from '../keys/uuid.ts'
import { type Person, personOf, subjectOf } from './people.ts'

/** What the provider said of somebody who signed in just now. */
export interface SignedIn extends Pick<Person, 'issuer' | 'sub' | 'name' | 'staff' | 'roles'> {
  /** SHA-256 of what identifies this sign-in. It begins one session, whoever repeats it. */
  readonly signIn: Buffer
}

export interface Session {
  readonly person: Person
  /** At the latest. */
  readonly expiresAt: Date
}

export interface SessionLifetimes {
  /** Without a request for this long, a session ends. */
  readonly idleMs: number
  /** However busy, it ends after this long. */
  readonly absoluteMs: number
}

/** How exact the time of the last request is: a session is written at most this often. */
const seenEveryMs = 60_000

/**
 * Begins a session and takes over staff and roles as the provider says now. Audited.
 *
 * @param digest SHA-256 of the new cookie.
 * @returns false where nothing began: the person is shut out, or this sign-in was used before.
 */
export async function beginSession(
  deps: Pick<Deps, 'db' | 'now' | 'random'>,
  digest: Buffer,
  signedIn: SignedIn,
  { absoluteMs }: Pick<SessionLifetimes, 'absoluteMs'>,
): Promise<boolean> {
  const at = deps.now()
  return deps.db.transaction().execute(async (trx) => {
    const person = await lockPerson(deps, trx, signedIn)
    if (person.disabled_at) return false
    const { sign_in, staff, roles } = { sign_in: signedIn.signIn, staff: signedIn.staff, roles: [...signedIn.roles] }
    const times = { began_at: at, last_seen_at: at, expires_at: new Date(at.getTime() + absoluteMs), ended_at: null }
    const begun = await trx
      .insertInto('session')
      .values({ digest, person: person.id, sign_in, ...times })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (begun.numInsertedOrUpdatedRows !== 1n) return false
    await trx
      .updateTable('person')
      .set({ name: signedIn.name ?? null, staff, roles, signed_in_at: at })
      .where('id', '=', person.id)
      .execute()
    const actor = subjectOf(signedIn)
    await audit(trx, { at, actor, act: 'sign-in', target: actor, detail: { staff, roles } })
    return true
  })
}

/** The session of a cookie, if it may be used now. Keeps it from ending for want of requests. */
export async function findSession(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  digest: Buffer,
  { idleMs }: Pick<SessionLifetimes, 'idleMs'>,
): Promise<Session | undefined> {
  const at = now()
  const row = await db
    .selectFrom('session')
    .innerJoin('person', 'person.id', 'session.person')
    .selectAll('person')
    .select(['session.last_seen_at', 'session.expires_at'])
    .where('digest', '=', digest)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', at)
    .where('last_seen_at', '>', new Date(at.getTime() - idleMs))
    .where('disabled_at', 'is', null)
    .executeTakeFirst()
  if (!row) return undefined
  if (at.getTime() - row.last_seen_at.getTime() >= seenEveryMs) {
    await db.updateTable('session').set({ last_seen_at: at }).where('digest', '=', digest).execute()
  }
  return { person: personOf(row), expiresAt: row.expires_at }
}

/** Ends the session of a cookie. Without one, or again, it changes nothing. */
export async function endSession({ db, now }: Pick<Deps, 'db' | 'now'>, digest: Buffer): Promise<void> {
  await db
    .updateTable('session')
    .set({ ended_at: now() })
    .where('digest', '=', digest)
    .where('ended_at', 'is', null)
    .execute()
}

/** Forgets sessions that could not be used any more. */
export async function purgeSessions({ db, now }: Pick<Deps, 'db' | 'now'>): Promise<void> {
  await db.deleteFrom('session').where('expires_at', '<', now()).execute()
}

/** Held until the transaction ends, so that a session and the shutting out of its person cannot miss each other. */
async function lockPerson(
  deps: Pick<Deps, 'now' | 'random'>,
  trx: Transaction<Tables>,
  { issuer, sub, name, staff, roles }: SignedIn,
) {
  const at = deps.now()
  await trx
    .insertInto('person')
    .values({
      id: uuidv7(deps),
      issuer,
      sub,
      name: name ?? null,
      staff,
      roles: [...roles],
      created_at: at,
      signed_in_at: at,
      disabled_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return trx
    .selectFrom('person')
    .select(['id', 'disabled_at'])
    .where('issuer', '=', issuer)
    .where('sub', '=', sub)
    .forUpdate()
    .executeTakeFirstOrThrow()
}
