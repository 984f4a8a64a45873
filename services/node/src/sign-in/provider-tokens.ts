import { type Deps, findOrAddPerson, scopesOf, subjectOf } from '@concordance/exchange'
import fastifyJwt, { type JWT } from '@fastify/jwt'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { UnverifiedToken } from '../authenticate-person.ts'
import type { PersonCaller } from '../caller.ts'
import { unauthenticated } from '../error.ts'
import type { SignIn } from './open-sign-in.ts'
import type { ProviderAlgorithm } from './provider-keys.ts'
import { readPerson } from './read-person.ts'
import type { PeopleConfig } from './settings.ts'

/** Access tokens, and nothing else a provider signs (RFC 9068 §2.1). */
export const providerTokenTypes: readonly string[] = ['at+jwt', 'application/at+jwt']

const skewMs = 30_000

/** Tokens of the provider: one algorithm, this issuer, this audience, this type; the key is found for each. */
export const providerTokens = fp(async (app: FastifyInstance, { settings }: { settings: PeopleConfig }) => {
  const { algorithm, issuer, audience = '' } = settings
  await app.register(fastifyJwt, {
    namespace: 'provider',
    secret: { public: async () => Promise.reject(unauthenticated()) },
    verify: {
      algorithms: [algorithm],
      allowedIss: issuer,
      allowedAud: audience,
      checkTyp: 'at+jwt',
      requiredClaims: ['iss', 'aud', 'sub', 'client_id', 'jti', 'iat', 'exp'],
      clockTolerance: skewMs,
      cache: false,
    },
  })
})

/** Makes the check of access tokens: the key by `kid`, signature and claims, then whether the person is shut out. */
export function checkProviderToken(
  app: FastifyInstance,
  deps: Deps,
  { settings, provider }: SignIn,
): (token: UnverifiedToken) => Promise<PersonCaller> {
  return async ({ text, header }) => {
    const { alg, kid } = header
    if (settings.audience === undefined || alg !== settings.algorithm || typeof kid !== 'string')
      throw unauthenticated()
    const key = await provider.findKey(kid)
    if (key === undefined) throw unauthenticated()
    const claims = verify(jwtOf(app), text, key, settings.algorithm)
    const until = endOf(claims, settings, deps.now().getTime())
    const { issuer, sub, staff, roles } = readPerson(claims, settings)
    const subject = subjectOf({ issuer, sub })
    const person = await findOrAddPerson(deps, { issuer, sub })
    if (person.disabledAt) throw unauthenticated()
    const may = { staff, roles, scopes: scopesOf(roles) }
    return { kind: 'person', subject, issuer, ...may, credential: 'provider-token', person: person.id, until }
  }
}

type Claims = Readonly<Record<string, unknown>>

function jwtOf({ jwt }: FastifyInstance): JWT {
  return (jwt as unknown as { readonly provider: JWT }).provider
}

function verify(jwt: JWT, token: string, key: string, algorithm: ProviderAlgorithm): Claims {
  try {
    return jwt.verify<Claims>(token, { key, algorithms: [algorithm] })
  } catch {
    throw unauthenticated() // why is nobody's business
  }
}

/**
 * When the token ends. Each time is a whole number of seconds, none lies ahead, and the whole life is as short as the
 * configuration says. The audience is one: a token for several services could be sent here by each of them. A token
 * that is bound to a key (RFC 9449, RFC 8705) proves nothing without that key, and one that a client has for itself
 * speaks for no person (RFC 9068 §5).
 */
function endOf(claims: Claims, { audience, tokenLifetimeMs }: PeopleConfig, nowMs: number): Date {
  const { iat, exp, nbf = iat, jti, client_id, cnf } = claims
  const aud = Array.isArray(claims.aud) && claims.aud.length === 1 ? claims.aud[0] : claims.aud
  if (!isSeconds(iat) || !isSeconds(exp) || !isSeconds(nbf)) throw unauthenticated()
  const isTimely = iat * 1_000 <= nowMs + skewMs && nbf * 1_000 <= nowMs + skewMs && exp * 1_000 > nowMs - skewMs
  const isShort = exp > iat && (exp - iat) * 1_000 <= tokenLifetimeMs
  const isNamed = typeof jti === 'string' && typeof client_id === 'string' && client_id !== claims.sub
  if (aud !== audience || cnf !== undefined || !isTimely || !isShort || !isNamed) throw unauthenticated()
  return new Date(exp * 1_000)
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 1e11
}
