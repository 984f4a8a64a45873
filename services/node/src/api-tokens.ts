import { type ApiToken, type Deps, findUsableToken, issuerOf, rolesOf } from '@concordance/exchange'
import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { UnverifiedToken } from './authenticate-person.ts'
import type { PersonCaller } from './caller.ts'
import { unauthenticated } from './error.ts'

const tokenType = 'concordance-api+jwt'
const charactersAtMost = 2_048

/** Whom an API token is for: this node's API, and nothing else that the institute signs. */
export function audienceOf(entityId: string): string {
  return `${entityId}#api`
}

/** API tokens: HS256 alone, with this issuer, this audience, this type; the library remembers nothing of a token. */
export const apiTokens = fp(
  async (app: FastifyInstance, { deps, secret }: { deps: { identity: { iss: string } }; secret: string }) => {
    const [iss, aud] = [deps.identity.iss, audienceOf(deps.identity.iss)]
    await app.register(fastifyJwt, {
      secret,
      sign: { algorithm: 'HS256', iss, aud, header: { alg: 'HS256', typ: tokenType } },
      verify: {
        algorithms: ['HS256'],
        allowedIss: iss,
        allowedAud: aud,
        checkTyp: tokenType,
        requiredClaims: ['iss', 'aud', 'sub', 'jti', 'iat', 'exp'],
        cache: false,
      },
    })
  },
)

/** Makes the check of API tokens: signature first, then whether the token is still wanted. */
export function checkApiToken(app: FastifyInstance, deps: Deps): (token: UnverifiedToken) => Promise<PersonCaller> {
  return async (unverified) => {
    const token = await findUsableToken(deps, verify(app, unverified))
    if (!token) throw unauthenticated()
    return callerOf(token, deps.identity.iss)
  }
}

/** @returns the token's id, under which it was registered. */
function verify(app: FastifyInstance, { text, type }: UnverifiedToken): string {
  if (text.length > charactersAtMost || type !== tokenType) throw unauthenticated()
  try {
    const { jti, aud } = app.jwt.verify<{ jti: unknown; aud: unknown }>(text)
    if (typeof jti === 'string' && typeof aud === 'string') return jti
  } catch {
    // Why is nobody's business.
  }
  throw unauthenticated()
}

function callerOf({ subject, staff, scopes, person, expiresAt }: ApiToken, entityId: string): PersonCaller {
  return {
    kind: 'person',
    subject,
    issuer: issuerOf(subject) ?? entityId,
    staff,
    roles: rolesOf(scopes),
    scopes,
    credential: 'api-token',
    person,
    until: expiresAt,
  }
}
