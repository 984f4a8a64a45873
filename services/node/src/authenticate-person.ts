import { hash } from 'node:crypto'
import type { Deps } from '@concordance/exchange'
import { decodeBase64url, type JsonObject, parseJson, type Scope } from '@concordance/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { checkApiToken } from './api-tokens.ts'
import { findCredential, type PersonCaller } from './caller.ts'
import { NodeError, unauthenticated } from './error.ts'
import { createMemory } from './memory.ts'
import { listCookies } from './sign-in/cookies.ts'
import type { SignIn } from './sign-in/open-sign-in.ts'
import { checkProviderToken, providerTokenTypes } from './sign-in/provider-tokens.ts'
import { checkSession } from './sign-in/session-check.ts'

/** Establishes the person or program behind a request. */
export interface PersonCheck {
  /** @throws {NodeError} `unauthenticated`; `forbidden` for an act that another site could have sent. */
  establish(request: FastifyRequest): Promise<PersonCaller>
  /** Whether a session cookie came along, good or bad. */
  hasCookie(request: FastifyRequest): boolean
}

/** A request shows one credential: a session cookie or a bearer token. Two are none. */
export function createPersonCheck(app: FastifyInstance, deps: Deps, signIn: SignIn | undefined): PersonCheck {
  const apiToken = checkApiToken(app, deps)
  const providerToken = signIn && checkProviderToken(app, deps, signIn)
  const session = signIn && checkSession(deps, signIn)
  const listSessions = (request: FastifyRequest) => (signIn ? listCookies(request, signIn.cookies.session) : [])
  const verified = createMemory<PersonCaller>(deps)
  const verifyBearer = (text: string): Promise<PersonCaller> => {
    const token = parseBearer(text)
    if (!providerTokenTypes.includes(token.type)) return apiToken(token)
    if (!providerToken) throw unauthenticated()
    return providerToken(token)
  }
  const checkBearer = async (request: FastifyRequest): Promise<PersonCaller> => {
    const text = findCredential(request, 'Bearer')
    if (text === undefined || text.length > charactersAtMost) throw unauthenticated()
    const caller = await verified(hash('sha256', text, 'base64url'), async () => {
      const value = await verifyBearer(text)
      return { value, until: value.until }
    })
    if (!caller) throw unauthenticated()
    return caller
  }
  return {
    hasCookie: (request) => listSessions(request).length > 0,
    establish: async (request) => {
      const [cookie, ...others] = listSessions(request)
      if (cookie === undefined || !session) return checkBearer(request)
      if (others.length > 0 || request.headers.authorization !== undefined) throw unauthenticated()
      return session(request, cookie)
    },
  }
}

/** @throws {NodeError} `forbidden`. */
export function requireScope({ scopes }: PersonCaller, scope: Scope): void {
  if (!scopes.includes(scope)) throw new NodeError('forbidden', `the credential lacks the scope ${scope}`)
}

/** A bearer token, taken apart and not verified. */
export interface UnverifiedToken {
  /** As it came. */
  readonly text: string
  /** `typ` of its header. */
  readonly type: string
  readonly header: JsonObject
}

/** Nothing beyond these is ever needed to verify a token, and each further one asks for processing. */
const headerMembers = new Set(['alg', 'typ', 'kid', 'x5t', 'x5t#S256'])
const charactersAtMost = 8_192

/** The library reads both base64url and JSON generously; of each token there is one spelling. */
function parseBearer(text: string): UnverifiedToken {
  try {
    const [header, claims, signature, ...rest] = text.split('.').map(decodeBase64url)
    if (!header || !claims || !signature || rest.length > 0) throw unauthenticated()
    parseJson(claims)
    const { typ, ...others } = parseJson(header) as JsonObject
    if (typeof typ !== 'string' || Object.keys(others).some((name) => !headerMembers.has(name))) throw unauthenticated()
    return { text, type: typ, header: { typ, ...others } }
  } catch {
    throw unauthenticated() // why is nobody's business
  }
}
