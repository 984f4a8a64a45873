import type { Role } from '@concordance/protocol'
import type { Selectable } from 'kysely'
import { audit } from '../audit.ts'
import type { PersonTable } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { uuidv7 } from '../keys/uuid.ts'

/** Somebody the institute's provider vouches for. */
export interface Person {
  readonly id: string
  readonly issuer: string
  /** Who it is to that issuer. */
  readonly sub: string
  readonly name: string | undefined
  readonly staff: boolean
  readonly roles: readonly Role[]
  readonly signedInAt: Date | undefined
  readonly disabledAt: Date | undefined
}

/** An identity: the pair, and nothing else about somebody (OpenID Connect Core §5.7). */
export type Identified = Pick<Person, 'issuer' | 'sub'>

/** Who acts, in one string that no other identity has: an issuer holds no `#`, and no program is named with one. */
export function subjectOf({ issuer, sub }: Identified): string {
  return `${issuer}#${sub}`
}

/** The issuer in a subject; undefined where it names a program. */
export function issuerOf(subject: string): string | undefined {
  const end = subject.indexOf('#')
  return end < 0 ? undefined : subject.slice(0, end)
}

/**
 * The person behind an identity the provider vouched for just now; known from then on, so that the operator can shut
 * it out. Staff and roles stay as of the newest sign-in.
 */
export async function findOrAddPerson(
  deps: Pick<Deps, 'db' | 'now' | 'random'>,
  { issuer, sub }: Identified,
): Promise<Person> {
  const { db, now } = deps
  const find = () => db.selectFrom('person').selectAll().where('issuer', '=', issuer).where('sub', '=', sub)
  const known = await find().executeTakeFirst()
  if (known) return personOf(known)
  const unknown = { name: null, staff: false, roles: [], signed_in_at: null, disabled_at: null }
  await db
    .insertInto('person')
    .values({ id: uuidv7(deps), issuer, sub, ...unknown, created_at: now() })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return personOf(await find().executeTakeFirstOrThrow())
}

/** A page of everybody, by id. */
export async function listPeople(
  { db }: Pick<Deps, 'db'>,
  { limit, after }: { readonly limit: number; readonly after?: string },
): Promise<Person[]> {
  const everybody = db.selectFrom('person').selectAll().orderBy('id').limit(limit)
  const rows = await (after === undefined ? everybody : everybody.where('id', '>', after)).execute()
  return rows.map(personOf)
}

/**
 * Shuts a person out: ends the sessions, revokes the API tokens, refuses new ones. Again changes nothing. Audited.
 *
 * @throws {ExchangeError} `not-found`.
 */
export async function disablePerson(deps: Pick<Deps, 'db' | 'now'>, id: string, actor: string): Promise<void> {
  const at = deps.now()
  await deps.db.transaction().execute(async (trx) => {
    const row = await trx.selectFrom('person').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
    if (!row) throw new ExchangeError('not-found', 'there is no such person')
    if (row.disabled_at) return
    await trx.updateTable('person').set({ disabled_at: at }).where('id', '=', id).execute()
    await trx
      .updateTable('session')
      .set({ ended_at: at })
      .where('person', '=', id)
      .where('ended_at', 'is', null)
      .execute()
    const revoked = await trx
      .updateTable('api_token')
      .set({ revoked_at: at })
      .where('person', '=', id)
      .where('revoked_at', 'is', null)
      .returning('jti')
      .execute()
    const detail = { revoked: revoked.map(({ jti }) => jti) }
    await audit(trx, { at, actor, act: 'person.disable', target: subjectOf(row), detail })
  })
}

/** Lets a person sign in again; what was ended stays ended. Audited. @throws {ExchangeError} `not-found`. */
export async function enablePerson(deps: Pick<Deps, 'db' | 'now'>, id: string, actor: string): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    const row = await trx.selectFrom('person').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
    if (!row) throw new ExchangeError('not-found', 'there is no such person')
    if (!row.disabled_at) return
    await trx.updateTable('person').set({ disabled_at: null }).where('id', '=', id).execute()
    await audit(trx, { at: deps.now(), actor, act: 'person.enable', target: subjectOf(row), detail: {} })
  })
}

export function personOf(row: Selectable<PersonTable>): Person {
  const { id, issuer, sub, staff, roles } = row
  return {
    id,
    issuer,
    sub,
    staff,
    roles,
    name: row.name ?? undefined,
    signedInAt: row.signed_in_at ?? undefined,
    disabledAt: row.disabled_at ?? undefined,
  }
}
