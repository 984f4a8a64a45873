import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  canonicalize,
  createLocalSigner,
  encodeBase64url,
  encodeBody,
  hitsDigest,
  type JsonValue,
  originOf,
  type PrivateJwk,
  questionDigest,
  type SearchQuestion,
  type Signer,
  type Statement,
  signAnswer,
  signStatement,
} from '@concordance/protocol'
import { synthesiseContent } from './records.ts'

/*
 * A process in which many institutes answer searches, each under a path of its own and after a time of its own: what asking
 * them costs beyond that time is the node's. `/times/<queryId>` says how long the slowest one took.
 */

const { values } = parseArgs({
  options: { folder: { type: 'string' }, peers: { type: 'string' }, hits: { type: 'string' } },
})
const { folder = '', peers: count = '3', hits: hitCount = '20' } = values
const [shortestMs, longestMs] = [40, 160]

interface Simulated {
  readonly iss: string
  readonly signer: Signer
  readonly lines: readonly string[]
}

const institutes = await Promise.all(Array.from({ length: Number(count) }, (_, index) => open(index)))
const slowest = new Map<string, number>()
let draws = 0

const server = createServer(async (request, response) => {
  const started = performance.now()
  const [, kind = '', rest = ''] = /^\/(times|\d+)\/(.*)$/.exec(request.url ?? '') ?? []
  if (kind === 'times') return sendJson(response, { slowestMs: slowest.get(rest) ?? 0 })
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const question = JSON.parse(Buffer.concat(chunks).toString()) as SearchQuestion
  await sleep(drawDelayMs())
  const institute = institutes[Number(kind)]
  if (!institute) return void response.writeHead(404).end()
  response.once('finish', () => {
    const { queryId } = question
    slowest.set(queryId, Math.max(slowest.get(queryId) ?? 0, performance.now() - started))
  })
  sendJson(response, await answerOf(institute, question))
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit())

/** Spread evenly, and the same in every run. */
function drawDelayMs(): number {
  draws = (draws * 1_103_515_245 + 12_345) % 2 ** 31
  return shortestMs + (longestMs - shortestMs) * (draws / 2 ** 31)
}

async function open(index: number): Promise<Simulated> {
  const keys = join(folder, String(index), 'keys')
  const signerOf = (name: string) =>
    createLocalSigner(JSON.parse(readFileSync(join(keys, `${name}.jwk`), 'utf8')) as PrivateJwk)
  const iss = `https://peer-${index}.example`
  const record = signerOf('record')
  const lines = await Promise.all(
    Array.from({ length: Number(hitCount) }, (_, at) => hitOf(iss, record, 1_000 * index + at, at)),
  )
  return { iss, signer: signerOf('log'), lines }
}

async function answerOf({ iss, signer, lines }: Simulated, question: SearchQuestion) {
  const hits = lines.slice(0, question.limit)
  const answer = await signAnswer(
    {
      v: 1,
      iss,
      aud: 'https://receiver.example',
      queryId: question.queryId,
      question: questionDigest(question),
      status: 'ok',
      granularity: question.granularity,
      matched: lines.length,
      hits: hitsDigest(hits),
      checkpoint: { size: 100, root: encodeBase64url(new Uint8Array(32)) },
      iat: Math.floor(Date.now() / 1_000),
    },
    signer,
  )
  return { answer, hits }
}

async function hitOf(iss: string, signer: Signer, seed: number, position: number): Promise<string> {
  const bytes = (length: number) => encodeBase64url(Buffer.alloc(length, seed % 251))
  const body = encodeBody('observation', synthesiseContent(seed) as JsonValue & object as never, {
    iss,
    salt: bytes(32),
  })
  const mark = { tlp: 'GREEN', relay: 'none' } as const
  const statement: Statement = {
    v: 1,
    iss,
    log: originOf(iss),
    type: 'observation',
    finding: `01890a5d-ac96-7000-8000-${seed.toString(16).padStart(12, '0')}`,
    version: 1,
    iat: 1_760_000_000 + seed,
    nonce: bytes(16),
    mark,
    rel: [],
    lang: 'en',
    body: { digest: body.digest, size: body.size, type: body.mediaType },
  }
  const { compact } = await signStatement(statement, signer)
  return canonicalize({ position, statement: compact, body: body.text, mark, status: 'current' } as JsonValue)
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
