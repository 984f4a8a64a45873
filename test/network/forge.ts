import { randomBytes, randomUUID } from 'node:crypto'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyFrontier, encodeFrontier, extendFrontier, type Frontier, rootOf, signCheckpoint } from '@concordance/log'
import { type RunningNode, startNode } from '@concordance/node'
import {
  digestOfCompact,
  encodeBase64url,
  encodeBody,
  leafHashOf,
  leafInputOf,
  type SignedStatement,
  type Statement,
  signStatement,
} from '@concordance/protocol'
import pg from 'pg'
import type { Institute } from './start-network.ts'
import { rowsOf, tamper } from './test-network.ts'

/*
 * What an institute can do that means to deceive: it owns its keys and its database, so every signature here is genuine.
 */

export interface Forged {
  readonly signed: SignedStatement
  readonly body: string
}

/** A statement under the institute's own record key that its node would not have made. */
export async function forgeRecord(
  { node }: Institute,
  seen: string,
  changes: Partial<Statement> = {},
): Promise<Forged> {
  const { identity, signers } = node.deps
  const { iss, origin: log } = identity
  const content = {
    seen: { en: seen },
    country: 'KE',
    sector: 'health',
    howOften: 'weekly',
    wish: { en: 'A joint test.' },
  }
  const salt = encodeBase64url(randomBytes(32))
  const body = encodeBody('observation', { ...content, synthetic: true }, { iss, salt })
  const statement: Statement = {
    v: 1,
    iss,
    log,
    type: 'observation',
    finding: randomFinding(),
    version: 1,
    iat: Math.floor(Date.now() / 1_000),
    nonce: encodeBase64url(randomBytes(16)),
    mark: { tlp: 'GREEN', relay: 'none' },
    rel: [],
    lang: 'en',
    body: { digest: body.digest, size: body.size, type: body.mediaType },
    ...changes,
  }
  return { signed: await signStatement(statement, signers.record), body: body.text }
}

/** Puts a record at a position, in place of whatever stands there. */
export async function placeRecord(databaseUrl: string, position: number, { signed, body }: Forged): Promise<void> {
  const { compact, recordId, statement } = signed
  const id = Buffer.from(recordId, 'base64url')
  const own = '(select id from log where is_own)'
  await tamper(
    databaseUrl,
    [`delete from entry where log = ${own} and position = $1`, position],
    ['delete from own_record where position = $1', position],
    [
      `insert into entry (log, position, leaf_hash, record_id, statement, body) values (${own}, $1, $2, $3, $4, $5)`,
      position,
      Buffer.from(leafHashOf(leafInputOf(recordId))),
      id,
      Buffer.from(compact),
      Buffer.from(body),
    ],
    [
      // The node keeps one record a version here, so a second one goes in under another name.
      `insert into own_record (position, record_id, type, finding, version, iat, tlp, actor, at)
       values ($1, $2, $3, $4, $5, $6, $7, 'forger', now())`,
      position,
      id,
      statement.type,
      randomFinding(),
      statement.version,
      statement.iat,
      statement.mark.tlp,
    ],
  )
}

/** Cuts the log to `size` entries. */
export async function cutLog(databaseUrl: string, size: number): Promise<void> {
  await tamper(
    databaseUrl,
    ['delete from entry where log = (select id from log where is_own) and position >= $1', size],
    ['delete from own_record where position >= $1', size],
  )
}

/** Signs the log as it now stands, as if nothing had ever been signed before. */
export async function signAnew({ node }: Institute, databaseUrl: string, laterSeconds = 0): Promise<void> {
  const { identity, signers } = node.deps
  const { iss, origin } = identity
  const frontier = await frontierOf(databaseUrl)
  const { size } = frontier
  const root = rootOf(frontier)
  const iat = Math.floor(Date.now() / 1_000) + laterSeconds
  const { seq } = identity.keyset().document
  const checkpoint = { v: 1, iss, origin, size, root: encodeBase64url(root), iat, keyset: seq } as const
  const jws = await signCheckpoint(checkpoint, signers.log)
  const own = '(select id from log where is_own)'
  await tamper(
    databaseUrl,
    [`delete from checkpoint where log = ${own}`],
    [
      `insert into checkpoint (log, size, root, frontier, jws, iat) values (${own}, $1, $2, $3, $4, $5)`,
      size,
      Buffer.from(root),
      Buffer.from(encodeFrontier(frontier)),
      jws,
      iat,
    ],
    [
      'update log set size = $1, frontier = $2, staged_size = $1, staged_frontier = $2 where is_own',
      size,
      Buffer.from(encodeFrontier(frontier)),
    ],
  )
}

/** Copies the institute's database under a new name; its node is stopped meanwhile. */
export async function copyDatabase(institute: Institute, serverUrl: string): Promise<string> {
  await institute.node.stop()
  const name = `${databaseOf(institute.databaseUrl)}_${randomBytes(3).toString('hex')}`
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  await client.query(`create database "${name}" template "${databaseOf(institute.databaseUrl)}"`)
  await client.end()
  institute.node = await startNode(institute.config)
  const url = new URL(institute.databaseUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Starts the institute's node again, on another database and without what its guard remembers. */
export async function restoreFrom(institute: Institute, databaseUrl: string): Promise<void> {
  await institute.node.stop()
  await rm(join(institute.dataDir, 'guard'))
  institute.node = await startNode({ ...institute.config, databaseUrl })
}

/** A second node under the same keys, on a database of its own: the institute's other face. */
export async function startOtherFace(institute: Institute, databaseUrl: string): Promise<RunningNode> {
  const dataDir = `${institute.dataDir}-other`
  await cp(institute.dataDir, dataDir, { recursive: true })
  return startNode({ ...institute.config, dataDir, databaseUrl, port: 0 })
}

async function frontierOf(databaseUrl: string): Promise<Frontier> {
  const rows = await rowsOf<{ statement: Buffer }>(
    databaseUrl,
    'select statement from entry join log on log.id = entry.log where is_own order by position',
  )
  const leaves = rows.map(({ statement }) => {
    const recordId = encodeBase64url(digestOfCompact(statement.toString('utf8')))
    return leafHashOf(leafInputOf(recordId))
  })
  return extendFrontier(emptyFrontier, leaves)
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1)
}

/** A UUIDv7. */
function randomFinding(): string {
  const [a, b, , d, e] = randomUUID().split('-')
  return `${a}-${b}-7${randomBytes(2).toString('hex').slice(1)}-${d}-${e}`
}
