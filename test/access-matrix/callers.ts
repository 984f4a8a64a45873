import { hash } from 'node:crypto'
import type { Agent } from 'node:http'
import { emptyBodyDigest } from '@concordance/protocol'
import type { Test } from 'tap'
import { openBrowser } from '../../services/node/test/support/browser.ts'
import { createPeer, type TestPeer } from '../../services/node/test/support/peer.ts'
import { type Answer, send } from '../../services/node/test/support/send.ts'
import type { RunningProvider } from '../support/provider.ts'
import type { ViewerName } from './oracle.ts'

/** One request; its path exactly as it is sent. */
export interface Asked {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Somebody who asks, with a credential of their own. */
export interface Caller {
  readonly viewer: ViewerName
  ask(asked: Asked): Promise<Answer>
}

export const peerNames = [
  'member',
  'latecomer',
  'stranger',
  'former',
  'green',
  'clear',
  'relay',
  'suspended',
  'unknown',
] as const
export type PeerName = (typeof peerNames)[number]
export type Peers = Readonly<Record<PeerName, TestPeer>>

/** Institutes with keys, of which nothing runs. */
export async function createPeers(t: Pick<Test, 'teardown'>, audience: string): Promise<Peers> {
  const made = peerNames.map(async (name) => [name, await createPeer(t, { iss: `https://${name}.example`, audience })])
  return Object.fromEntries(await Promise.all(made)) as Peers
}

/** Which groups of the provider each person is in; the account has the viewer's name. */
export const people = {
  researcher: ['readers'],
  visitor: ['readers', 'authors', 'reviewers', 'publishers', 'operators'],
  reader: ['staff', 'readers'],
  author: ['staff', 'readers', 'authors'],
  reviewer: ['staff', 'readers', 'reviewers'],
  publisher: ['staff', 'readers', 'publishers'],
  operator: ['staff', 'operators'],
  everybody: ['staff', 'readers', 'authors', 'reviewers', 'publishers', 'operators'],
} as const
export type PersonName = keyof typeof people

export interface Place {
  /** Where the node listens. */
  readonly url: string
  /** Where it says it can be reached. */
  readonly baseUrl: string
  /** Keeps connections, as clients and proxies do: everybody's requests come over the same few. */
  readonly agent: Agent
}

export function anonymous({ url, agent }: Place): Caller {
  return { viewer: 'anonymous', ask: (asked) => send(url, asked, agent) }
}

/** An institute that signs every request. */
export function peerCaller({ url, agent }: Place, viewer: PeerName, peer: TestPeer): Caller {
  return {
    viewer,
    ask: async ({ method = 'GET', path, headers = {}, body }) => {
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const bdg = payload === undefined ? emptyBodyDigest : hash('sha256', payload, 'base64url')
      const signed = await peer.headers(path, { htm: method, bdg })
      return send(url, { method, path, headers: { ...headers, ...signed }, body: payload }, agent)
    },
  }
}

/** Signs in at the provider as a browser does. Requests come from a page of the node. */
export async function signIn(place: Place, provider: RunningProvider, viewer: PersonName): Promise<Caller> {
  provider.accounts[viewer] = { name: viewer, groups: people[viewer] }
  const browser = openBrowser(place.url, place.baseUrl, place.agent)
  const { status, text } = await browser.signIn(viewer)
  if (status !== 303) throw new Error(`${viewer} cannot sign in: ${status} ${text}`)
  const ownPage = { origin: place.baseUrl, 'concordance-request': '1' }
  return { viewer, ask: (asked) => browser.ask({ ...asked, headers: { ...ownPage, ...asked.headers } }) }
}
