import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
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
  readonly digest: string
  /** `lines` as JSON, made once: what this process spends, the node that is measured has less of. */
  readonly linesJson: string
}

const institutes = await Promise.all(Array.from({ length: Number(count) }, (_, index) => open(index)))
const slowest = new Map<string, number>()
let draws = 0

const server = createServer((request, response) => {
  const started = performance.now()
  const [, kind = '', rest = ''] = /^\/(times|\d+)\/(.*)$/.exec(request.url ?? '') ?? []
  if (kind === 'times') return sendJson(response, JSON.stringify({ slowestMs: slowest.get(rest) ?? 0 }))
  const institute = institutes[Number(kind)]
  if (!institute) return response.writeHead(404).end()
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.once('end', () => {
    const question = JSON.parse(Buffer.concat(chunks).toString()) as SearchQuestion
    response.once('finish', () => note(question, performance.now() - started))
    setTimeout(() => void answer(institute, question, response), drawDelayMs())
  })
  return response
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit())

function note({ queryId }: SearchQuestion, tookMs: number): void {
  slowest.set(queryId, Math.max(slowest.get(queryId) ?? 0, tookMs))
}

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
  return { iss, signer: signerOf('log'), lines, digest: hitsDigest(lines), linesJson: JSON.stringify(lines) }
}

async function answer(
  { iss, signer, lines, digest, linesJson }: Simulated,
  question: SearchQuestion,
  response: ServerResponse,
): Promise<void> {
  if (question.limit !== lines.length) throw new Error('as many hits are asked for as are prepared')
  const signed = await signAnswer(
    {
      v: 1,
      iss,
      aud: 'https://receiver.example',
      queryId: question.queryId,
      question: questionDigest(question),
      status: 'ok',
      granularity: question.granularity,
      matched: lines.length,
      hits: digest,
      checkpoint: { size: 100, root: encodeBase64url(new Uint8Array(32)) },
      iat: Math.floor(Date.now() / 1_000),
    },
    signer,
  )
  sendJson(response, `{"answer":"${signed}","hits":${linesJson}}`)
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

function sendJson(response: ServerResponse, json: string): ServerResponse {
  return response.writeHead(200, { 'content-type': 'application/json' }).end(json)
}
