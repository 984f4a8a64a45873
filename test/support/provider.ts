import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AdapterPayload, type Configuration, type JWK, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { freePort } from './free-port.ts'

/** Somebody with an account at the provider. All of them are invented. */
export interface Account {
  readonly name: string
  readonly groups: unknown
}

/** One for each role, and one of nobody's staff. */
export const accounts: Readonly<Record<string, Account>> = {
  reader: { name: 'Rita Reader', groups: ['staff', 'readers'] },
  author: { name: 'Alma Author', groups: ['staff', 'readers', 'authors'] },
  reviewer: { name: 'Remi Reviewer', groups: ['staff', 'readers', 'reviewers'] },
  publisher: { name: 'Pia Publisher', groups: ['staff', 'readers', 'publishers'] },
  operator: { name: 'Otto Operator', groups: ['staff', 'operators'] },
  researcher: { name: 'Rosa Researcher', groups: ['readers'] },
}

export interface ProviderOptions {
  /** Where the node takes people back. */
  readonly redirectUri: string
  /** `aud` of access tokens. */
  readonly audience: string
  readonly port?: number
}

export interface RunningProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** A public client, which gets access tokens. */
  readonly program: { readonly clientId: string; readonly redirectUri: string }
  /** Signs ID tokens and access tokens with RS256. */
  readonly key: JWK
  /** May be changed while it runs. */
  readonly accounts: Record<string, Account>
  /** Changes the JSON that is answered under a path, such as `/token`. */
  readonly tamper: Map<string, (answer: never) => unknown>
  stop(): Promise<void>
}

const [clientId, programId, programUri] = ['node', 'laptop', 'https://laptop.example/return']

/** Runs a real OpenID provider on loopback. Whoever comes picks an account; there are no passwords. */
export async function startProvider({ redirectUri, audience, port }: ProviderOptions): Promise<RunningProvider> {
  const server = createServer()
  server.listen(port ?? (await freePort()), '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clientSecret = randomBytes(24).toString('base64url')
  const key = createKey()
  const known = { ...accounts }
  const tamper: RunningProvider['tamper'] = new Map()
  const provider = new Provider(issuer, configurationOf({ redirectUri, audience, clientSecret, key, known }))
  provider.use(async (ctx, next) => {
    await next()
    const change = tamper.get(ctx.path)
    if (change) ctx.body = change(ctx.body as never)
  })
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/')) void interact(provider, known, request, response)
    else void answer(request, response)
  })
  return {
    issuer,
    clientId,
    clientSecret,
    program: { clientId: programId, redirectUri: programUri },
    key,
    accounts: known,
    tamper,
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function createKey(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), kid: 'first', use: 'sig', alg: 'RS256' }
}

interface Setup extends ProviderOptions {
  readonly clientSecret: string
  readonly key: JWK
  readonly known: Record<string, Account>
}

function configurationOf({ redirectUri, audience, clientSecret, key, known }: Setup): Configuration {
  const codeFlow = { grant_types: ['authorization_code'], response_types: ['code' as const] }
  return {
    adapter: createMemory(),
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    clients: [
      { client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], ...codeFlow },
      { client_id: programId, redirect_uris: [programUri], token_endpoint_auth_method: 'none' as const, ...codeFlow },
    ],
    scopes: ['openid', 'profile'],
    claims: { openid: ['sub', 'groups'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx: unknown, sub: string) => ({
      accountId: sub,
      claims: async () => ({ sub, ...known[sub] }),
    }),
    extraTokenClaims: (_ctx: unknown, token: object) => ({
      groups: 'accountId' in token ? known[String(token.accountId)]?.groups : undefined,
    }),
    loadExistingGrant: grantAll(audience),
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'api',
          audience,
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt' as const,
          jwt: { sign: { alg: 'RS256' as const } },
        }),
      },
    },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  }
}

/** Nobody is asked for consent: the clients are the institute's own. */
function grantAll(audience: string) {
  return async ({ oidc }: KoaContextWithOIDC) => {
    const { provider, client, session } = oidc
    const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' })
    grant.addOIDCScope('openid profile')
    grant.addOIDCClaims(['groups'])
    grant.addResourceScope(audience, 'api')
    await grant.save()
    return grant
  }
}

/** The page that asks who somebody is: a list of accounts, each a link. */
async function interact(
  provider: Provider,
  known: Readonly<Record<string, Account>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { searchParams, pathname } = new URL(request.url ?? '/', 'http://provider')
  const accountId = searchParams.get('account')
  if (accountId !== null && Object.hasOwn(known, accountId)) {
    await provider.interactionFinished(request, response, { login: { accountId } })
    return
  }
  const links = Object.entries(known).map(
    ([id, { name }]) => `<li><a href="${pathname}?account=${id}">${name}</a></li>`,
  )
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(`<!doctype html><title>Sign in</title><h1>Who are you?</h1><ul>${links.join('')}</ul>`)
}

/** All that the provider remembers, gone with it. */
function createMemory() {
  const stored = new Map<string, AdapterPayload>()
  return (model: string) => {
    const keyOf = (id: string) => `${model} ${id}`
    const find = async (id: string) => stored.get(keyOf(id))
    const findBy = (member: 'uid' | 'userCode') => async (value: string) =>
      [...stored].find(([key, payload]) => key.startsWith(`${model} `) && payload[member] === value)?.[1]
    return {
      find,
      findByUid: findBy('uid'),
      findByUserCode: findBy('userCode'),
      upsert: async (id: string, payload: AdapterPayload) => void stored.set(keyOf(id), payload),
      destroy: async (id: string) => void stored.delete(keyOf(id)),
      consume: async (id: string) => {
        const payload = await find(id)
        if (payload) payload.consumed = Math.floor(Date.now() / 1_000)
      },
      revokeByGrantId: async (grantId: string) => {
        for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key)
      },
    }
  }
}
