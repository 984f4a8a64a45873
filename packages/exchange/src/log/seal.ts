import {
  decodeFrontier,
  emptyFrontier,
  extendFrontier,
  type Frontier,
  rootOf,
  signCheckpoint,
  signNote,
} from '@concordance/log'
import {
  coverLeafInputOf,
  digestOfCompact,
  encodeBase64url,
  leafHashOf,
  leafInputOf,
  type VerifyKey,
} from '@concordance/protocol'
import type pg from 'pg'
import type { LogState } from '../database/tables.ts'
import type { TreeHead } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { type AppendContext, headOf } from './append-batch.ts'
import { type SealingSchedule, tickTimeOf } from './schedule.ts'

/** Held while a checkpoint is signed: its `iat` and size never fall, whichever process signs. */
export const sealLock = 4_811_002
const entriesAtOnce = 2_000

export interface SealOptions {
  /**
   * Sign the same size again when the newest signature is older than this. Without it only a grown log is signed, and one
   * that is sealed by interval grows at every tick.
   */
  readonly freshenAfterSeconds?: number
}

/**
 * Signs the newest intent: recomputes every leaf since the last signed checkpoint from the stored statements, extends the
 * frontier that was signed last, and signs only what equals the root committed with the entries. The checkpoint is stored
 * before this returns, and so before anybody is served it.
 *
 * @returns the head that was signed, or undefined when there was nothing to sign.
 * @throws {ExchangeError} `log-corrupt` when stored bytes do not give the committed root, `log-unconfirmed`.
 */
export async function sealLog(
  client: pg.ClientBase,
  context: AppendContext,
  options: SealOptions = {},
): Promise<TreeHead | undefined> {
  const found = await lockNewest(client)
  if (!found || !isDue(found, context.now(), options)) {
    await client.query('rollback')
    return undefined
  }
  const { intent, signed } = found
  const frontier = await recompute(client, found)
  const head = headOf(frontier)
  requireNothingNewer(context, head)
  // From here on somebody may see this head under our signature, so the guard has to know of it first.
  context.guard.seal(head)
  const { jws, note, iat } = await sign(context, frontier, iatOf(context, intent, signed?.iat ?? 0))
  await Promise.all([
    client.query('update checkpoint set jws = $3, note = $4, iat = $5 where log = $1 and size = $2', [
      intent.log,
      intent.size,
      jws,
      note,
      iat,
    ]),
    client.query('commit'),
  ])
  return head
}

interface CheckpointRow {
  readonly log: number
  readonly state: LogState
  readonly sealing: SealingSchedule | null
  readonly size: number
  readonly root: Buffer
  readonly frontier: Buffer
  readonly iat: number | null
}

interface Newest {
  readonly intent: CheckpointRow
  readonly signed: CheckpointRow | undefined
  /** The first entries since, in order; some may be newer than the intent. */
  readonly unsigned: readonly StoredLeaf[]
}

/** In one round trip: whoever waits for the news waits for each. */
async function lockNewest(client: pg.ClientBase): Promise<Newest | undefined> {
  const newest = (condition: string) => `
    select log.id as log, log.state, log.sealing, checkpoint.size, checkpoint.root, checkpoint.frontier, checkpoint.iat
    from checkpoint join log on log.id = checkpoint.log
    where log.is_own ${condition} order by checkpoint.size desc limit 1`
  const [, , intents, signed, unsigned] = await Promise.all([
    client.query('begin'),
    client.query('select pg_advisory_xact_lock($1)', [sealLock]),
    client.query<CheckpointRow>({ name: 'newest-intent', text: newest('') }),
    client.query<CheckpointRow>({ name: 'newest-signed', text: newest('and checkpoint.jws is not null') }),
    client.query<StoredLeaf>({ name: 'entries-not-signed', text: entriesNotSigned, values: [entriesAtOnce] }),
  ])
  const [intent] = intents.rows
  return intent && { intent, signed: signed.rows[0], unsigned: unsigned.rows }
}

function isDue({ intent, signed }: Newest, now: Date, { freshenAfterSeconds }: SealOptions): boolean {
  if (intent.state === 'unconfirmed') throw new ExchangeError('log-unconfirmed', 'an unconfirmed log is not signed')
  if (intent.size > (signed?.size ?? 0)) return true
  if (intent.sealing) return false
  return freshenAfterSeconds !== undefined && secondsOf(now) - (signed?.iat ?? 0) >= freshenAfterSeconds
}

const storedLeaf = `position, leaf_hash, record_id, convert_from(statement, 'UTF8') as statement, cover`

const entriesNotSigned = `
  select ${storedLeaf} from entry where log = (select id from log where is_own) and position >= coalesce(
    (select size from checkpoint where log = (select id from log where is_own) and jws is not null order by size desc limit 1), 0)
  order by position limit $1`

async function recompute(client: pg.ClientBase, { intent, signed, unsigned }: Newest): Promise<Frontier> {
  let frontier = signed ? decodeFrontier(signed.size, signed.frontier) : emptyFrontier
  const atHand = unsigned.filter(({ position }) => position < intent.size)
  frontier = extendFrontier(frontier, listLeaves(atHand, frontier.size))
  while (frontier.size < intent.size) {
    const to = Math.min(intent.size, frontier.size + entriesAtOnce)
    frontier = extendFrontier(frontier, await recomputeLeaves(client, intent.log, frontier.size, to))
  }
  if (Buffer.compare(rootOf(frontier), intent.root) !== 0)
    throw corrupt(`the entries do not give the root committed at size ${intent.size}`)
  return frontier
}

/** Leaf hashes of the positions `[from, to)`, from the statements alone. @throws {ExchangeError} `log-corrupt`. */
export async function recomputeLeaves(
  client: Pick<pg.ClientBase, 'query'>,
  log: number,
  from: number,
  to: number,
): Promise<Uint8Array[]> {
  const { rows } = await client.query<StoredLeaf>({
    name: 'entries-to-seal',
    text: `select ${storedLeaf} from entry where log = $1 and position >= $2 and position < $3 order by position`,
    values: [log, from, to],
  })
  if (rows.length !== to - from) throw corrupt(`an entry is missing between ${from} and ${to}`)
  return listLeaves(rows, from)
}

function listLeaves(rows: readonly StoredLeaf[], from: number): Uint8Array[] {
  return rows.map((row, index) => {
    const leaf = row.cover ? leafHashOf(coverLeafInputOf(row.cover)) : leafOfRecord(row)
    const isWhole = row.position === from + index && leaf !== undefined && row.leaf_hash.equals(leaf)
    if (!isWhole) throw corrupt(`the entry at ${row.position} is not what was appended`)
    return leaf
  })
}

interface StoredLeaf {
  readonly position: number
  readonly leaf_hash: Buffer
  readonly record_id: Buffer | null
  readonly statement: string | null
  readonly cover: Buffer | null
}

/** Undefined where the statement is not the one that the record id names. */
function leafOfRecord({ record_id, statement }: StoredLeaf): Uint8Array | undefined {
  const recordId = digestOfCompact(statement ?? '')
  return record_id?.equals(recordId) ? leafHashOf(leafInputOf(encodeBase64url(recordId))) : undefined
}

/** The guard may know of a signed head that this database has lost: then another one must not be signed beside it. */
function requireNothingNewer({ guard }: AppendContext, head: TreeHead): void {
  const sealed = guard.read()?.sealed
  if (sealed && (sealed.size > head.size || (sealed.size === head.size && sealed.root !== head.root))) {
    throw new ExchangeError('log-unconfirmed', `size ${sealed.size} was signed, which the database does not hold`)
  }
}

/** Never before the one signed last. Of a size that belongs to a tick it is the time of the tick, whenever it is signed. */
function iatOf({ now }: AppendContext, { size, sealing }: CheckpointRow, earliest: number): number {
  const isOfTick = sealing !== null && size > sealing.size
  return Math.max(isOfTick ? tickTimeOf(sealing, size) : secondsOf(now()), earliest)
}

async function sign({ identity, signers }: AppendContext, frontier: Frontier, iat: number) {
  const { iss, origin } = identity
  const { log: signer } = signers
  const keyset = identity.keyset()
  const key = keyset.findKey(signer.kid, 'log', frontier.size)
  if (!key) throw new ExchangeError('unavailable', `no log key is valid at size ${frontier.size}`)
  const { size, root } = headOf(frontier)
  const jws = await signCheckpoint({ v: 1, iss, origin, size, root, iat, keyset: keyset.document.seq }, signer)
  return { jws, note: await noteOf(origin, frontier, signer, key), iat }
}

/** C2SP notes know Ed25519 alone; a log with an ES256 key goes without. */
async function noteOf(
  origin: string,
  frontier: Frontier,
  signer: Parameters<typeof signNote>[1],
  { jwk }: VerifyKey,
): Promise<string | null> {
  if (jwk.kty !== 'OKP') return null
  return signNote({ origin, size: frontier.size, root: rootOf(frontier) }, signer, jwk)
}

function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}

function corrupt(message: string): ExchangeError {
  return new ExchangeError('log-corrupt', message)
}
