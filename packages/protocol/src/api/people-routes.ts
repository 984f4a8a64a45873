import { type Static, Type } from 'typebox'
import type { RouteContract } from './route.ts'
import { Cursor, Instant, Limit, PersonId, RoleName, ScopeName } from './values.ts'

const closed = { additionalProperties: false } as const
const byPerson = Type.Object({ id: PersonId }, closed)
const Subject = Type.String({
  description:
    'Who acts, as the audit trail names it: of a person the issuer, `#` and the subject there; of a program its bare name.',
})

export type Role = Static<typeof RoleName>

export type SessionView = Static<typeof SessionView>
export const SessionView = Type.Object(
  {
    subject: Subject,
    issuer: Type.String({ description: 'Who says so: the institute’s provider, or this node for its own API tokens.' }),
    credential: Type.Enum(['session', 'api-token', 'provider-token']),
    staff: Type.Boolean({ description: 'Works for this institute; a person who does not is a researcher.' }),
    roles: Type.Array(RoleName),
    scopes: Type.Array(ScopeName),
    until: Instant,
  },
  { $id: 'Session', description: 'Who is signed in, what that allows, and when it ends at the latest.' },
)

export type ApiTokenView = Static<typeof ApiTokenView>
export const ApiTokenView = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    subject: Subject,
    scopes: Type.Array(ScopeName),
    createdAt: Instant,
    expiresAt: Instant,
    revokedAt: Type.Optional(Instant),
  },
  { $id: 'ApiToken', description: 'What the node knows of an API token: never the token itself.' },
)

export type PersonView = Static<typeof PersonView>
export const PersonView = Type.Object(
  {
    id: PersonId,
    subject: Subject,
    issuer: Type.String(),
    name: Type.Optional(Type.String({ description: 'As the provider says: for display, never for a decision.' })),
    staff: Type.Boolean(),
    roles: Type.Array(RoleName),
    signedInAt: Type.Optional(Instant),
    disabledAt: Type.Optional(Instant),
  },
  {
    $id: 'Person',
    description: 'Somebody the institute’s provider vouches for. Roles are those of the newest sign-in.',
  },
)

export const getSession = {
  method: 'GET',
  url: '/v1/session',
  access: 'person',
  operationId: 'getSession',
  summary: 'Who am I',
  description: 'The person or program behind the credential of this request, and what it may do.',
  tags: ['people'],
  schema: { response: { 200: SessionView } },
} as const satisfies RouteContract

export const signIn = {
  method: 'GET',
  url: '/v1/sign-in',
  access: 'public',
  operationId: 'signIn',
  summary: 'Sign in',
  description: 'For browsers: leads to the institute’s provider, which leads back. 404 where the node has no provider.',
  tags: ['people'],
  problems: ['not-found', 'invalid', 'unavailable'],
  schema: {
    querystring: Type.Object(
      {
        to: Type.Optional(
          Type.String({
            description: 'Path on this node to go to afterwards.',
            pattern: '^/(?![/\\\\])[!#-\\[\\]-~]*$',
            maxLength: 500,
          }),
        ),
      },
      closed,
    ),
    response: { 303: Type.Null({ description: 'On to the provider.' }) },
  },
} as const satisfies RouteContract

export const returnFromSignIn = {
  method: 'GET',
  url: '/v1/sign-in/return',
  access: 'public',
  operationId: 'returnFromSignIn',
  summary: 'Come back from the provider',
  description:
    'The redirect URI to register at the provider. Takes the answer of one sign-in that this browser began within ten minutes, and begins a session.',
  tags: ['people'],
  problems: ['not-found', 'unauthenticated', 'unavailable'],
  schema: {
    // Open: a client ignores what it does not know (RFC 6749 §4.1.2).
    querystring: Type.Object({
      code: Type.Optional(Type.Unknown({ description: 'Authorization code (RFC 6749 §4.1.2).' })),
      state: Type.Optional(Type.Unknown({ description: 'As it was sent (RFC 6749 §4.1.2).' })),
      iss: Type.Optional(Type.Unknown({ description: 'Issuer (RFC 9207).' })),
    }),
    response: { 303: Type.Null({ description: 'Signed in; on to where the sign-in was to lead.' }) },
  },
} as const satisfies RouteContract

export const signOut = {
  method: 'POST',
  url: '/v1/sign-out',
  access: 'public',
  operationId: 'signOut',
  summary: 'Sign out',
  description: 'Ends the session of this browser, if there is one, and takes its cookie away.',
  tags: ['people'],
  problems: ['forbidden'],
  schema: { response: { 204: Type.Null({ description: 'Signed out.' }) } },
} as const satisfies RouteContract

export const listApiTokens = {
  method: 'GET',
  url: '/v1/tokens',
  access: 'person',
  operationId: 'listApiTokens',
  summary: 'List API tokens',
  description: 'One’s own, newest first; with the scope `operate` everybody’s. The 1,000 newest.',
  tags: ['people'],
  schema: { response: { 200: Type.Object({ items: Type.Array(ApiTokenView) }) } },
} as const satisfies RouteContract

export const createApiToken = {
  method: 'POST',
  url: '/v1/tokens',
  access: 'person',
  operationId: 'createApiToken',
  summary: 'Issue an API token',
  description:
    'For a program that acts as oneself: never more than one’s own scopes, and less as soon as one has less. Only for a person signed in with a browser: a token never makes a token.',
  tags: ['people'],
  problems: ['invalid', 'conflict'],
  schema: {
    body: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 100, description: 'What it is for.' }),
        scopes: Type.Array(ScopeName, { minItems: 1, maxItems: 5, uniqueItems: true }),
        days: Type.Integer({ minimum: 1, maximum: 366, description: 'How long it lasts.' }),
      },
      closed,
    ),
    response: {
      201: Type.Object(
        { id: Type.String(), token: Type.String({ description: 'Shown once.' }), expiresAt: Instant },
        { $id: 'NewApiToken', description: 'The token itself, which nobody can ask for again.' },
      ),
    },
  },
} as const satisfies RouteContract

export const revokeApiToken = {
  method: 'DELETE',
  url: '/v1/tokens/:id',
  access: 'person',
  operationId: 'revokeApiToken',
  summary: 'Revoke an API token',
  description: 'Ends the use of one’s own token, with the scope `operate` of any, within five seconds.',
  tags: ['people'],
  problems: ['not-found'],
  schema: {
    params: Type.Object(
      { id: Type.String({ pattern: '^[0-9A-Za-z-]{1,64}$', description: 'Id of the token.' }) },
      closed,
    ),
    response: { 204: Type.Null({ description: 'Revoked.' }) },
  },
} as const satisfies RouteContract

export const listPeople = {
  method: 'GET',
  url: '/v1/people',
  access: 'person',
  scope: 'operate',
  operationId: 'listPeople',
  summary: 'List the people',
  description: 'Everybody whom the provider vouched for at this node, by id.',
  tags: ['people'],
  problems: ['invalid'],
  schema: {
    querystring: Type.Object({ cursor: Type.Optional(Cursor), limit: Type.Optional(Limit) }, closed),
    response: {
      200: Type.Object({
        items: Type.Array(PersonView),
        next: Type.Optional(Type.String({ description: 'Cursor of the next page; absent on the last.' })),
      }),
    },
  },
} as const satisfies RouteContract

export const disablePerson = {
  method: 'POST',
  url: '/v1/people/:id/disable',
  access: 'person',
  scope: 'operate',
  operationId: 'disablePerson',
  summary: 'Shut a person out',
  description:
    'Ends every session and revokes every API token of the person, within five seconds, and refuses new ones. Audited.',
  tags: ['people'],
  problems: ['not-found', 'conflict'],
  schema: { params: byPerson, response: { 204: Type.Null({ description: 'Shut out.' }) } },
} as const satisfies RouteContract

export const enablePerson = {
  method: 'POST',
  url: '/v1/people/:id/enable',
  access: 'person',
  scope: 'operate',
  operationId: 'enablePerson',
  summary: 'Let a person in again',
  description: 'The person may sign in again. Sessions and tokens that were ended stay ended. Audited.',
  tags: ['people'],
  problems: ['not-found'],
  schema: { params: byPerson, response: { 204: Type.Null({ description: 'May sign in again.' }) } },
} as const satisfies RouteContract
