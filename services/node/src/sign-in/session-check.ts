import { hash } from 'node:crypto'
import { type Deps, findSession, type Person, type Session, scopesOf, subjectOf } from '@concordance/exchange'
import type { FastifyRequest } from 'fastify'
import type { PersonCaller } from '../caller.ts'
import { NodeError, unauthenticated } from '../error.ts'
import { createMemory } from '../memory.ts'
import type { SignIn } from './open-sign-in.ts'

const cookieForm = /^[\w-]{43}$/

/** Of a session cookie the database knows the digest alone. */
export function digestOfCookie(value: string): Buffer {
  return hash('sha256', value, 'buffer')
}

/** Makes the check of session cookies; an act has to come from a page of this node. */
export function checkSession(
  deps: Deps,
  signIn: SignIn,
): (request: FastifyRequest, cookie: string) => Promise<PersonCaller> {
  const remembered = createMemory<Session>(deps)
  return async (request, cookie) => {
    if (!cookieForm.test(cookie)) throw unauthenticated()
    const session = await remembered(cookie, async () => {
      const found = await findSession(deps, digestOfCookie(cookie), signIn.settings)
      return found && { value: found, until: found.expiresAt }
    })
    if (!session) throw unauthenticated()
    requireOwnPage(request, signIn.origin)
    return { ...callerOf(session.person), credential: 'session', until: session.expiresAt }
  }
}

/** What a person may do, as of the newest sign-in. */
function callerOf(person: Person): Omit<PersonCaller, 'credential' | 'until'> {
  const { id, issuer, staff, roles } = person
  return { kind: 'person', subject: subjectOf(person), issuer, staff, roles, scopes: scopesOf(roles), person: id }
}

/**
 * A browser sends its cookies whatever site a request comes from, so whatever changes something needs more: a header
 * that no foreign page can add, and the browser's own word on where the request comes from.
 *
 * @throws {NodeError} `forbidden`.
 */
export function requireOwnPage({ method, headers }: FastifyRequest, origin: string): void {
  if (method === 'GET' || method === 'HEAD') return
  const { origin: from, 'sec-fetch-site': site, 'concordance-request': asked } = headers
  const isSaid = from !== undefined || site !== undefined
  if (asked === '1' && isSaid && (from ?? origin) === origin && (site ?? 'same-origin') === 'same-origin') return
  throw new NodeError(
    'forbidden',
    'with a cookie, an act needs `Concordance-Request: 1` and has to come from this node',
  )
}
