import { randomUUID } from 'node:crypto'
import {
  type ApiToken,
  disablePerson,
  enablePerson,
  listPeople,
  listTokens,
  type Person,
  revokeToken,
  type SyncDeps,
  subjectOf,
  type TokenOwner,
} from '@concordance/exchange'
import { type ApiTokenView, api, type PersonView } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type PersonCaller, personOf } from '../caller.ts'
import { NodeError } from '../error.ts'
import { registerToken } from '../issue-token.ts'

const defaultLimit = 50
const secondsOfDay = 86_400
const personForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Who people are, and what their programs hold. */
export const peopleRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps }> = async (app, { deps }) => {
  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  app.route({
    ...api.getSession,
    handler: async (request) => {
      const { kind: _, person: __, until, roles, scopes, ...who } = personOf(request)
      return { ...who, roles: [...roles], scopes: [...scopes], until: until.toISOString() }
    },
  })
  app.route({
    ...api.listApiTokens,
    handler: async (request) => ({ items: (await listTokens(deps, ownerOf(personOf(request)))).map(viewOfToken) }),
  })
  app.route({
    ...api.createApiToken,
    handler: async (request, reply) => {
      const { name, scopes, days } = request.body
      const { credential, subject, person, scopes: own } = personOf(request)
      if (credential !== 'session' || person === undefined) throw new NodeError('forbidden', 'sign in with a browser')
      if (scopes.some((scope) => !own.includes(scope))) throw new NodeError('forbidden', 'these scopes are not yours')
      const asked = { name, subject, person, scopes, lifetimeSeconds: days * secondsOfDay, actor: subject }
      const { token, jti, expiresAt } = await registerToken(deps, app.jwt, { jti: randomUUID(), ...asked })
      return reply.code(201).send({ id: jti, token, expiresAt: expiresAt.toISOString() })
    },
  })
  app.route({
    ...api.revokeApiToken,
    handler: async (request, reply) => {
      const caller = personOf(request)
      await revokeToken(deps, request.params.id, caller.subject, ownerOf(caller))
      return reply.code(204).send(null)
    },
  })
  app.route({
    ...api.listPeople,
    handler: async ({ query: { cursor, limit = defaultLimit } }) => {
      if (cursor !== undefined && !personForm.test(cursor)) throw new NodeError('invalid', 'no page gave this cursor')
      const people = await listPeople(deps, { limit: limit + 1, ...(cursor !== undefined && { after: cursor }) })
      const items = people.slice(0, limit)
      const last = items.at(-1)
      return { items: items.map(viewOf), ...(people.length > limit && last && { next: last.id }) }
    },
  })
  app.route({
    ...api.disablePerson,
    handler: async (request, reply) => {
      const { subject, person } = personOf(request)
      if (person === request.params.id) throw new NodeError('conflict', 'nobody shuts themselves out')
      await disablePerson(deps, request.params.id, subject)
      return reply.code(204).send(null)
    },
  })
  app.route({
    ...api.enablePerson,
    handler: async (request, reply) => {
      await enablePerson(deps, request.params.id, personOf(request).subject)
      return reply.code(204).send(null)
    },
  })
}

/** Whose tokens a caller may see and revoke; undefined: everybody's. */
function ownerOf({ scopes, person, subject }: PersonCaller): TokenOwner | undefined {
  if (scopes.includes('operate')) return undefined
  return person === undefined ? { subject } : { person }
}

function viewOfToken({ jti, name, subject, scopes, createdAt, expiresAt, revokedAt }: ApiToken): ApiTokenView {
  return {
    id: jti,
    name,
    subject,
    scopes: [...scopes],
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  }
}

function viewOf(person: Person): PersonView {
  const { id, issuer, name, staff, roles, signedInAt, disabledAt } = person
  return {
    id,
    subject: subjectOf(person),
    issuer,
    ...(name !== undefined && { name }),
    staff,
    roles: [...roles],
    ...(signedInAt && { signedInAt: signedInAt.toISOString() }),
    ...(disabledAt && { disabledAt: disabledAt.toISOString() }),
  }
}
