import { randomUUID } from 'node:crypto'
import { createToken, type Deps, type Identity } from '@concordance/exchange'
import type { Scope } from '@concordance/protocol'
import fastify from 'fastify'
import { apiTokens } from './authenticate-person.ts'

export interface NewToken {
  /** What the operator calls it. */
  readonly name: string
  /** Person or program it speaks for. */
  readonly subject: string
  readonly scopes: readonly Scope[]
  readonly lifetimeSeconds: number
  /** Who issues it, for the audit trail. */
  readonly actor: string
}

export interface IssuedToken {
  /** Shown once: nobody can ask for it again. */
  readonly token: string
  readonly jti: string
  readonly expiresAt: Date
}

/** Issues an API token: registered first, so that it can be revoked from its first moment on. Audited. */
export async function issueToken(
  deps: Pick<Deps, 'db' | 'now'> & { readonly identity: Pick<Identity, 'iss'> },
  secret: string,
  { lifetimeSeconds, actor, ...asked }: NewToken,
): Promise<IssuedToken> {
  const jti = randomUUID()
  const expiresAt = new Date(deps.now().getTime() + lifetimeSeconds * 1_000)
  await createToken(deps, { jti, expiresAt, ...asked }, actor)
  const app = fastify()
  await app.register(apiTokens, { deps, secret })
  const { iss } = deps.identity
  const token = app.jwt.sign({ sub: asked.subject, jti }, { expiresIn: lifetimeSeconds * 1_000, iss })
  await app.close()
  return { token, jti, expiresAt }
}
