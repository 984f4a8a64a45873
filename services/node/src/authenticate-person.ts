import { type ApiToken, type Deps, findUsableToken } from '@concordance/exchange'
import { decodeBase64url, type Scope } from '@concordance/protocol'
import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { findCredential, type PersonCaller } from './caller.ts'
import { NodeError, unauthenticated } from './error.ts'

const tokenType = 'concordance-api+jwt'
const tokenBytesAtMost = 2_048

/** Whom an API token is for: this node's API, and nothing else that the institute signs. */
export function audienceOf(entityId: string): string {
  return `${entityId}#api`
}

/** API tokens: HS256 alone, with this issuer, this audience, this type; nothing of a token is remembered as verified. */
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

/** How long a token found usable is taken for usable: a revocation works within this time. */
const rememberedMs = 2_000
const rememberedAtMost = 1_000

/** Establishes the person or program behind a request. @throws {NodeError} `unauthenticated`. */
export type PersonCheck = (request: FastifyRequest) => Promise<PersonCaller>

/** Makes the check of API tokens: signature first, then whether the operator still wants the token. */
export function createPersonCheck(app: FastifyInstance, deps: Deps): PersonCheck {
  const remembered = new Map<string, { token: ApiToken; until: number }>()
  return async (request) => {
    const jti = verifyToken(app, request)
    const nowMs = deps.now().getTime()
    const known = remembered.get(jti)
    if (known && known.until > nowMs) return callerOf(known.token)
    const token = await findUsableToken(deps, jti)
    if (!token) throw unauthenticated()
    if (remembered.size >= rememberedAtMost) remembered.clear()
    remembered.set(jti, { token, until: Math.min(nowMs + rememberedMs, token.expiresAt.getTime()) })
    return callerOf(token)
  }
}

/** @throws {NodeError} `forbidden`. */
export function requireScope({ scopes }: PersonCaller, scope: Scope): void {
  if (!scopes.includes(scope)) throw new NodeError('forbidden', `the token lacks the scope ${scope}`)
}

/** @returns the token's id, under which the operator registered it. */
function verifyToken(app: FastifyInstance, request: FastifyRequest): string {
  const token = findCredential(request, 'Bearer')
  if (token === undefined || token.length > tokenBytesAtMost) throw unauthenticated()
  try {
    refuseSpellings(token)
    const { jti, aud } = app.jwt.verify<{ jti: unknown; aud: unknown }>(token)
    if (typeof jti === 'string' && typeof aud === 'string') return jti
  } catch {
    // Why is nobody's business.
  }
  throw unauthenticated()
}

/** The library reads base64url generously; of each token there is one spelling. */
function refuseSpellings(token: string): void {
  for (const segment of token.split('.')) decodeBase64url(segment)
}

function callerOf({ subject, scopes }: ApiToken): PersonCaller {
  return { kind: 'person', subject, scopes }
}
