import { randomUUID } from 'node:crypto'
import { createToken, type Deps, type Identity, type NewApiToken } from '@concordance/exchange'
import type { JWT } from '@fastify/jwt'
import fastify from 'fastify'
import { apiTokens } from './api-tokens.ts'

export interface NewToken extends Omit<NewApiToken, 'jti' | 'expiresAt'> {
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

/** Issues an API token without a running node. Audited. */
export async function issueToken(deps: IssuingDeps, secret: string, asked: NewToken): Promise<IssuedToken> {
  const app = fastify()
  await app.register(apiTokens, { deps, secret })
  await app.ready()
  try {
    return await registerToken(deps, app.jwt, { jti: randomUUID(), ...asked })
  } finally {
    await app.close()
  }
}

/** Issues an API token: registered first, so that it can be revoked from its first moment on. Audited. */
export async function registerToken(
  deps: IssuingDeps,
  jwt: Pick<JWT, 'sign'>,
  { lifetimeSeconds, actor, ...asked }: NewToken & Pick<NewApiToken, 'jti'>,
): Promise<IssuedToken> {
  const { jti, subject } = asked
  const expiresAt = new Date(deps.now().getTime() + lifetimeSeconds * 1_000)
  await createToken(deps, { expiresAt, ...asked }, actor)
  const { iss } = deps.identity
  return { token: jwt.sign({ sub: subject, jti }, { expiresIn: lifetimeSeconds * 1_000, iss }), jti, expiresAt }
}

type IssuingDeps = Pick<Deps, 'db' | 'now'> & { readonly identity: Pick<Identity, 'iss'> }
