import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { emptyFrontier, encodeFrontier, extendFrontier } from '@concordance/log'
import {
  canonicalize,
  encodeBase64url,
  encodeBody,
  hitsDigest,
  type JsonValue,
  originOf,
  questionDigest,
  type SearchAnswer,
  type SearchQuestion,
  type Statement,
  signAnswer,
  signStatement,
} from '@concordance/protocol'
import type { Test } from 'tap'
import type { TestNode } from '../../../services/node/test/support/node.ts'
import { createPeer, type TestPeer } from '../../../services/node/test/support/peer.ts'

/** What came to a peer, and where its answer goes. */
export interface Exchange {
  readonly question: SearchQuestion
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly peer: MockPeer
}

/** How a peer answers. It may do whatever its keys allow. */
export type Behaviour = (exchange: Exchange) => unknown

/** An institute with valid keys, of which the node knows them, and whose node is what a test makes of it. */
export interface MockPeer extends TestPeer {
  readonly url: string
  readonly heard: Exchange[]
  behaviour: Behaviour
}

export async function createMockPeer(
  t: Pick<Test, 'teardown'>,
  { iss, audience, behaviour = answering() }: { iss: string; audience: string; behaviour?: Behaviour },
): Promise<MockPeer> {
  const keys = await createPeer(t, { iss, audience })
  const server = createServer(async (request, response) => {
    const question = JSON.parse((await text(request)) || '{}') as SearchQuestion
    const exchange = { question, request, response, peer }
    peer.heard.push(exchange)
    await peer.behaviour(exchange)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const peer: MockPeer = { ...keys, url: `http://127.0.0.1:${port}`, heard: [], behaviour }
  return peer
}

/** For `node.json`. */
export function settingsOf({ iss, pin, url }: MockPeer) {
  return { iss, baseUrl: url, pin, insecureLoopback: true }
}

/** Lets the node know the peer's keys and so many entries of its log, as if it had followed it. */
export async function introduce({ deps }: Pick<TestNode, 'deps'>, peer: MockPeer, size = 0): Promise<void> {
  const { iss, keyset: document } = peer
  await deps.db.insertInto('keyset').values({ iss, seq: 1, document, position: null }).execute()
  const leaves = Array.from({ length: size }, () => randomBytes(32))
  const frontier = Buffer.from(encodeFrontier(extendFrontier(emptyFrontier, leaves)))
  const sizes = { size, staged_size: size, frontier, staged_frontier: frontier }
  await deps.db
    .insertInto('log')
    .values({ iss, origin: originOf(iss), ...sizes, state_reason: null })
    .execute()
}

/** An honest answer, or one with other words under the same signature. */
export function answering(
  hits: (peer: MockPeer) => Promise<readonly string[]> | readonly string[] = () => [],
  changes: Partial<SearchAnswer> = {},
): Behaviour {
  return async (exchange) => sendAnswer(exchange, await hits(exchange.peer), changes)
}

export async function sendAnswer(
  { question, response, peer }: Exchange,
  hits: readonly string[],
  changes: Partial<SearchAnswer> = {},
): Promise<void> {
  const answer = await signAnswer(saidBy(peer, question, hits, changes), peer.signers.log)
  sendJson(response, { answer, hits })
}

export function saidBy(
  { iss, claims }: MockPeer,
  question: SearchQuestion,
  hits: readonly string[],
  changes: Partial<SearchAnswer> = {},
): SearchAnswer {
  const iat = Math.floor(Date.now() / 1_000)
  return {
    v: 1,
    iss,
    aud: claims('/').aud,
    queryId: question.queryId,
    question: questionDigest(question),
    status: 'ok',
    granularity: question.granularity,
    matched: hits.length,
    hits: hitsDigest(hits),
    checkpoint: { size: 10, root: encodeBase64url(new Uint8Array(32)) },
    iat,
    ...changes,
  }
}

export function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** A problem, as a node refuses. */
export function refusing(status: number, code: string): Behaviour {
  return ({ response }) => {
    const problem = { type: `urn:concordance:problem:${code}`, title: code, status, code, remedy: 'none' }
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
  }
}

export const hanging: Behaviour = () => {}

/** A genuine record of the peer, as a hit. */
export async function hitOf(
  { iss, signers }: Pick<TestPeer, 'iss' | 'signers'>,
  seen: string,
  position = 3,
  changes: Partial<Statement> = {},
): Promise<string> {
  const content = {
    seen: { en: seen },
    country: 'KE',
    sector: 'health',
    howOften: 'weekly',
    wish: { en: 'A joint test.' },
    synthetic: true,
  }
  const body = encodeBody('observation', content, { iss, salt: encodeBase64url(randomBytes(32)) })
  const mark = { tlp: 'GREEN', relay: 'none' } as const
  const statement: Statement = {
    v: 1,
    iss,
    log: originOf(iss),
    type: 'observation',
    finding: uuidv7(),
    version: 1,
    iat: Math.floor(Date.now() / 1_000),
    nonce: encodeBase64url(randomBytes(16)),
    mark,
    rel: [],
    lang: 'en',
    body: { digest: body.digest, size: body.size, type: body.mediaType },
    ...changes,
  }
  const { compact } = await signStatement(statement, signers.record)
  const hit = { position, statement: compact, body: body.text, mark: statement.mark, status: 'current' }
  return canonicalize(hit as JsonValue)
}

function uuidv7(): string {
  const hex = randomBytes(16).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `7${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-')
}
