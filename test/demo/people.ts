import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bearer, type Client, createClient } from '@concordance/client'
import type { AnswerOf, api } from '@concordance/protocol'
import { openBrowser } from '../../services/node/test/support/browser.ts'
import type { Institute, PeopleOf } from '../network/start-network.ts'
import { type RunningProvider, startProvider } from '../support/provider.ts'
import { say } from './say.ts'

const roles = {
  readers: ['reader' as const],
  authors: ['author' as const],
  reviewers: ['reviewer' as const],
  publishers: ['publisher' as const],
  operators: ['operator' as const],
}

/** OpenID providers of the institutes, on loopback; whoever comes picks one of their invented accounts. */
export interface Providers {
  /** Says how the node of an institute reaches its provider, which runs from the first call on, at every start on one port. */
  settingsFor(institute: PeopleOf): Promise<ReturnType<typeof settingsOf>>
  stop(): Promise<void>
}

export function openProviders(): Providers {
  const running = new Map<string, RunningProvider>()
  return {
    async settingsFor(institute) {
      const provider = running.get(institute.key) ?? (await startFor(institute))
      running.set(institute.key, provider)
      return settingsOf(institute, provider)
    },
    async stop() {
      await Promise.all([...running.values()].map((provider) => provider.stop()))
    },
  }
}

async function startFor({ baseUrl, entityId, dataDir }: PeopleOf): Promise<RunningProvider> {
  const memory = join(dataDir, 'provider.json')
  const { port = 0 } = existsSync(memory) ? (JSON.parse(readFileSync(memory, 'utf8')) as { port?: number }) : {}
  const audience = audienceOf(entityId)
  const provider = await startProvider({ redirectUri: `${baseUrl}/v1/sign-in/return`, audience, port })
  writeFileSync(memory, JSON.stringify({ port: Number(new URL(provider.issuer).port) }))
  return provider
}

function settingsOf({ entityId, dataDir }: PeopleOf, { issuer, clientId, clientSecret }: RunningProvider) {
  const clientSecretFile = join(dataDir, 'provider.secret')
  writeFileSync(clientSecretFile, clientSecret, { mode: 0o600 })
  const claims = { rolesClaim: 'groups', roles, staff: ['staff'] }
  const audience = audienceOf(entityId)
  return { issuer, clientId, clientSecretFile, scopes: ['profile'], audience, ...claims, insecureLoopback: true }
}

function audienceOf(entityId: string): string {
  return `${entityId}/api`
}

/** Signs in as a person does, and takes a token for an hour's work at the command line. */
export async function signIn({ config, node, key }: Institute, account: string): Promise<Client> {
  const browser = openBrowser(node.url, config.baseUrl)
  await browser.signIn(account)
  const session = (await browser.ask({ path: '/v1/session' })).json<AnswerOf<typeof api.getSession>>()
  const headers = { 'concordance-request': '1', origin: config.baseUrl }
  const body = { name: 'demonstration', scopes: session.scopes, days: 1 }
  const made = await browser.ask({ method: 'POST', path: '/v1/tokens', headers, body })
  if (made.status !== 201) throw new Error(`${account} gets no token: ${made.text}`)
  say(`${key}: ${account} signs in at the institute's provider`)
  const { token } = made.json<AnswerOf<typeof api.createApiToken>>()
  return createClient({ baseUrl: config.baseUrl, authorize: bearer(token) })
}
