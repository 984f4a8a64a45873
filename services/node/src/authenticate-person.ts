import { type ApiToken, type Deps, findUsableToken, type Identity } from '@concordance/exchange'
import type { Scope } from '@concordance/protocol'
import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { HttpProblem } from './problems.ts'

/** A person or program of this institute, by an API token. */
export interface PersonCaller {
  readonly kind: 'person'
  readonly subject: string
  readonly scopes: readonly Scope[]
}

const scheme = 'Bearer '
const tokenType = 'concordance-api+jwt'

/** Whom an API token is for: this node's API, and nothing else that the institute signs. */
export function audienceOf(entityId: string): string {
  return `${entityId}#api`
}

export interface ApiTokenOptions {
  readonly deps: { readonly identity: Pick<Identity, 'iss'> }
  /** 48 random bytes, base64url. */
  readonly secret: string
}

/** API tokens: HS256 alone, with this issuer, this audience, this type; nothing of a token is cached as verified. */
export const apiTokens = fp(async (app: FastifyInstance, { deps, secret }: ApiTokenOptions) => {
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
})

/** How long a token found usable is taken for usable: a revocation works within this time. */
const rememberedMs = 2_000
const rememberedAtMost = 1_000

/**
 * Makes the check of API tokens: signature first, then whether the operator still wants the token.
 *
 * @returns the caller. @throws {HttpProblem} `unauthenticated`.
 */
export function createPersonCheck(deps: Deps): (request: FastifyRequest) => Promise<PersonCaller> {
  const remembered = new Map<string, { token: ApiToken; until: number }>()
  return async (request) => {
    const jti = await verifiedId(request)
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

export function hasApiToken(request: FastifyRequest): boolean {
  return request.headers.authorization?.startsWith(scheme) ?? false
}

async function verifiedId(request: FastifyRequest): Promise<string> {
  if (!hasApiToken(request)) throw unauthenticated()
  try {
    const { jti } = await request.jwtVerify<{ jti: string }>()
    return jti
  } catch {
    throw unauthenticated() // why is nobody's business
  }
}

function callerOf({ subject, scopes }: ApiToken): PersonCaller {
  return { kind: 'person', subject, scopes }
}

function unauthenticated(): HttpProblem {
  return new HttpProblem('unauthenticated', 'no valid credential came with the request')
}
