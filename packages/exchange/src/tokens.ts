import type { Scope } from '@concordance/protocol'
import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import { audit } from './audit.ts'
import { planIsKept } from './database/keep-plans.ts'
import type { ApiTokenTable } from './database/tables.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'
import { scopesOf } from './people/roles.ts'

/** What the node knows of an API token; the token itself is shown once, when it is issued, and never stored. */
export interface ApiToken {
  readonly jti: string
  /** What the operator, or its owner, calls it. */
  readonly name: string
  /** Person or program it speaks for. */
  readonly subject: string
  readonly scopes: readonly Scope[]
  /** Whether it speaks for the institute's staff. */
  readonly staff: boolean
  /** Id of the person who made it for themselves; undefined where the operator issued it. */
  readonly person: string | undefined
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | undefined
}

/** A token that is about to be issued. A program's is for staff unless it says otherwise. */
export type NewApiToken = Pick<ApiToken, 'jti' | 'name' | 'subject' | 'scopes' | 'expiresAt'> & {
  readonly staff?: boolean
  readonly person?: string
}

/** Usable tokens one person may have. */
const ownTokensAtMost = 50
const listedAtMost = 1_000

/**
 * Registers a token that is about to be issued. Audited.
 *
 * @throws {ExchangeError} `invalid` for a program whose name could be taken for a person, `conflict` for a person who
 *   has too many tokens.
 */
export async function createToken(deps: Pick<Deps, 'db' | 'now'>, token: NewApiToken, actor: string): Promise<void> {
  const { jti, name, subject, scopes, expiresAt, staff = true, person = null } = token
  if (person === null && subject.includes('#')) throw new ExchangeError('invalid', 'no program has # in its name')
  await deps.db.transaction().execute(async (trx) => {
    if (person !== null) {
      await trx.selectFrom('person').select('id').where('id', '=', person).forUpdate().executeTakeFirstOrThrow()
      const usable = await trx
        .selectFrom('api_token')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('person', '=', person)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', deps.now())
        .executeTakeFirstOrThrow()
      if (usable.count >= ownTokensAtMost)
        throw new ExchangeError('conflict', 'revoke a token first: there are too many')
    }
    await trx
      .insertInto('api_token')
      .values({
        jti,
        name,
        subject,
        scopes: [...scopes],
        staff,
        person,
        created_at: deps.now(),
        expires_at: expiresAt,
        revoked_at: null,
      })
      .execute()
    await audit(trx, {
      at: deps.now(),
      actor,
      act: 'token.create',
      target: jti,
      detail: { name, subject, scopes, staff },
    })
  })
}

/**
 * The token, if it may be used now; undefined when unknown, revoked or expired, or when its person is shut out. A
 * person's token is what the person is: it allows what both may, and is staff's as long as the person is.
 */
export async function findUsableToken(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  jti: string,
): Promise<ApiToken | undefined> {
  const row = await db
    .selectFrom('api_token')
    .leftJoin('person as owner', 'owner.id', 'api_token.person')
    .selectAll('api_token')
    .select(['owner.staff as owner_staff', 'owner.roles as owner_roles'])
    .where('jti', '=', jti)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now())
    .where('owner.disabled_at', 'is', null)
    .modifyEnd(planIsKept)
    .executeTakeFirst()
  if (!row) return undefined
  const token = tokenOf(row)
  if (!row.owner_roles) return token
  const allowed = scopesOf(row.owner_roles)
  const scopes = token.scopes.filter((scope) => allowed.includes(scope))
  return { ...token, scopes, staff: row.owner_staff === true }
}

/** Whose tokens: of everybody, of one person, or of the programs of one name. */
export type TokenOwner = { readonly person: string } | { readonly subject: string }

/** The newest tokens that were ever issued, newest first; at most 1,000. */
export async function listTokens({ db }: Pick<Deps, 'db'>, owner?: TokenOwner): Promise<ApiToken[]> {
  const rows = await db
    .selectFrom('api_token')
    .selectAll()
    .where(isOwnedBy(owner))
    .orderBy('created_at', 'desc')
    .orderBy('jti')
    .limit(listedAtMost)
    .execute()
  return rows.map(tokenOf)
}

/**
 * Ends a token's use. Revoking again changes nothing. Audited.
 *
 * @param owner Only a token of this owner, where given.
 * @throws {ExchangeError} `not-found`.
 */
export async function revokeToken(
  deps: Pick<Deps, 'db' | 'now'>,
  jti: string,
  actor: string,
  owner?: TokenOwner,
): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('api_token')
      .select('revoked_at')
      .where('jti', '=', jti)
      .where(isOwnedBy(owner))
      .forUpdate()
      .executeTakeFirst()
    if (!row) throw new ExchangeError('not-found', 'there is no such token')
    if (row.revoked_at) return
    await trx.updateTable('api_token').set({ revoked_at: deps.now() }).where('jti', '=', jti).execute()
    await audit(trx, { at: deps.now(), actor, act: 'token.revoke', target: jti, detail: {} })
  })
}

function isOwnedBy(owner: TokenOwner | undefined) {
  if (!owner) return sql<boolean>`true`
  return 'person' in owner
    ? sql<boolean>`person = ${owner.person}`
    : sql<boolean>`(person is null and subject = ${owner.subject})`
}

function tokenOf(row: Selectable<ApiTokenTable>): ApiToken {
  const { jti, name, subject, scopes, staff } = row
  return {
    jti,
    name,
    subject,
    scopes,
    staff,
    person: row.person ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at ?? undefined,
  }
}
