import { beginSession, endSession, type SyncDeps } from '@concordance/exchange'
import { api, encodeBase64url } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { NodeError, unauthenticated } from '../error.ts'
import { attemptSeconds } from '../sign-in/attempts.ts'
import { findCookie, listCookies, setCookie } from '../sign-in/cookies.ts'
import type { SignIn } from '../sign-in/open-sign-in.ts'
import { readPerson } from '../sign-in/read-person.ts'
import { digestOfCookie, requireOwnPage } from '../sign-in/session-check.ts'

interface Options {
  readonly deps: SyncDeps
  readonly signIn: SignIn | undefined
}

/** Where somebody goes who named no place. */
const defaultTarget = '/v1/session'

/** Browsers sign in and out: the authorization code flow of the institute's provider (RFC 9700 §2.1). */
export const signInRoutes: FastifyPluginAsyncTypebox<Options> = async (app, { deps, signIn }) => {
  app.route({
    ...api.signIn,
    handler: async ({ query: { to = defaultTarget } }, reply) => {
      const { provider, attempts, cookies, redirectUri } = getSignIn(signIn)
      const attempt = attempts.begin(to)
      const address = await provider.startAt(attempt, redirectUri)
      setCookie(reply, cookies, { name: cookies.signIn, value: attempt.cookie, maxAgeSeconds: attemptSeconds })
      return leadTo(reply, address.href)
    },
  })
  app.route({
    ...api.returnFromSignIn,
    handler: async (request, reply) => {
      const open = getSignIn(signIn)
      const { to, cookie } = await finish(deps, open, request)
      await endSessions(deps, open, request)
      const { cookies, settings } = open
      setCookie(reply, cookies, { name: cookies.signIn, value: '', maxAgeSeconds: 0 })
      setCookie(reply, cookies, { name: cookies.session, value: cookie, maxAgeSeconds: settings.absoluteMs / 1_000 })
      return leadTo(reply, `${open.baseUrl}${to}`)
    },
  })
  app.route({
    ...api.signOut,
    handler: async (request, reply) => {
      const open = getSignIn(signIn)
      requireOwnPage(request, open.origin)
      await endSessions(deps, open, request)
      setCookie(reply, open.cookies, { name: open.cookies.session, value: '', maxAgeSeconds: 0 })
      return reply.code(204).header('cache-control', 'no-store').send(null)
    },
  })
}

/** @throws {NodeError} `not-found`. */
function getSignIn(signIn: SignIn | undefined): SignIn {
  if (!signIn) throw new NodeError('not-found', 'this node has no provider')
  return signIn
}

/** @returns where to go, and the new cookie. @throws {NodeError} `unauthenticated`, always the same; `unavailable`. */
async function finish(
  deps: SyncDeps,
  { settings, provider, attempts, cookies, redirectUri }: SignIn,
  request: FastifyRequest,
) {
  const attempt = attempts.resume(findCookie(request, cookies.signIn) ?? '')
  const [, query] = request.url.split(/\?(.*)/s)
  if (!attempt || !query) throw unauthenticated()
  const claims = await provider.finish(attempt, new URL(`${redirectUri}?${query}`))
  const person = readPerson(claims, settings)
  const cookie = encodeBase64url(deps.random(32))
  const signedIn = { ...person, signIn: attempt.digest }
  if (!(await beginSession(deps, digestOfCookie(cookie), signedIn, settings))) throw unauthenticated()
  return { to: attempt.to, cookie }
}

/** Whatever session this browser had. */
async function endSessions(deps: SyncDeps, { cookies }: SignIn, request: FastifyRequest): Promise<void> {
  for (const value of listCookies(request, cookies.session).slice(0, 2)) await endSession(deps, digestOfCookie(value))
}

function leadTo(reply: FastifyReply, address: string): FastifyReply {
  return reply.code(303).header('location', address).header('cache-control', 'no-store').send(null)
}
