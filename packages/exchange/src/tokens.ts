import type { Scope } from '@concordance/protocol'
import { audit } from './audit.ts'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'

/** What the node knows of an API token; the token itself is shown once, when it is issued, and never stored. */
export interface ApiToken {
  readonly jti: string
  /** What the operator calls it. */
  readonly name: string
  /** Person or program it speaks for. */
  readonly subject: string
  readonly scopes: readonly Scope[]
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | undefined
}

/** Registers a token that is about to be issued. Audited. */
export async function createToken(
  deps: Pick<Deps, 'db' | 'now'>,
  token: Pick<ApiToken, 'jti' | 'name' | 'subject' | 'scopes' | 'expiresAt'>,
  actor: string,
): Promise<void> {
  const { jti, name, subject, scopes, expiresAt } = token
  await deps.db.transaction().execute(async (trx) => {
    await trx
      .insertInto('api_token')
      .values({
        jti,
        name,
        subject,
        scopes: [...scopes],
        created_at: deps.now(),
        expires_at: expiresAt,
        revoked_at: null,
      })
      .execute()
    await audit(trx, { at: deps.now(), actor, act: 'token.create', target: jti, detail: { name, subject, scopes } })
  })
}

/** The token, if it may be used now; undefined when unknown, revoked or expired. */
export async function findUsableToken(
  { db, now }: Pick<Deps, 'db' | 'now'>,
  jti: string,
): Promise<ApiToken | undefined> {
  const row = await db
    .selectFrom('api_token')
    .selectAll()
    .where('jti', '=', jti)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now())
    .executeTakeFirst()
  return row && tokenOf(row)
}

/** Every token ever issued, newest first. */
export async function listTokens({ db }: Pick<Deps, 'db'>): Promise<ApiToken[]> {
  const rows = await db.selectFrom('api_token').selectAll().orderBy('created_at', 'desc').execute()
  return rows.map(tokenOf)
}

/** Ends a token's use. Revoking again changes nothing. @throws {ExchangeError} `not-found`. */
export async function revokeToken(deps: Pick<Deps, 'db' | 'now'>, jti: string, actor: string): Promise<void> {
  await deps.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('api_token')
      .select('revoked_at')
      .where('jti', '=', jti)
      .forUpdate()
      .executeTakeFirst()
    if (!row) throw new ExchangeError('not-found', 'there is no such token')
    if (row.revoked_at) return
    await trx.updateTable('api_token').set({ revoked_at: deps.now() }).where('jti', '=', jti).execute()
    await audit(trx, { at: deps.now(), actor, act: 'token.revoke', target: jti, detail: {} })
  })
}

function tokenOf(row: {
  jti: string
  name: string
  subject: string
  scopes: string[]
  created_at: Date
  expires_at: Date
  revoked_at: Date | null
}): ApiToken {
  return {
    jti: row.jti,
    name: row.name,
    subject: row.subject,
    scopes: row.scopes as Scope[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at ?? undefined,
  }
}
