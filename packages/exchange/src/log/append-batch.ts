import { decodeFrontier, extendFrontier, type Frontier, rootOf } from '@concordance/log'
import {
  encodeBase64url,
  type Keyset,
  leafHashOf,
  leafInputOf,
  type Receipt,
  type SignedStatement,
  signStatement,
} from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import type { Tables } from '../database/tables.ts'
import type { Guard, Logger, Signers, TreeHead } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import type { OwnIdentity } from '../keys/identity.ts'
import type { SubjectSecret } from '../settle-subject.ts'
import { choosePositions } from './choose-positions.ts'
import { type Decision, decideBatch } from './decide-batch.ts'
import { type Batch, type Growth, insertBatch, type PlacedEntry } from './insert-batch.ts'
import { judgeGuard } from './judge-guard.ts'
import { lookAhead, type OwnLogRow } from './look-ahead.ts'
import { tickTimeOf } from './schedule.ts'

/** A record on its way into our own log: validated, and signed before any lock is taken. */
export interface NewEntry {
  readonly signed: SignedStatement
  /** Canonical text, where the record has a body. */
  readonly body: string | undefined
  /** Who asked for it, for the audit trail. */
  readonly actor: string
  /** RED: others who worked on it and may read it, besides the actor. */
  readonly readers?: readonly string[] | undefined
  /** The same key with the same digest gives the first receipt again. */
  readonly idempotency?: { readonly subject: string; readonly key: string; readonly digest: Uint8Array } | undefined
  /** The draft it is made of; refused when that has changed since it was read. */
  readonly draft?: NewEntryDraft | undefined
  /** The record it was composed for: refused when that has another marking meanwhile. */
  readonly markedAs?: MarkedAs | undefined
  /** What its sealed subject is; stays here. */
  readonly subjectSecret?: SubjectSecret | undefined
  /** The document a keyset record puts in force, verified against the one before. Such an entry is appended alone. */
  readonly keyset?: Keyset | undefined
}

export interface NewEntryDraft {
  readonly id: string
  readonly etag: number
  /** Refused unless somebody who wrote no part of the draft has approved exactly this state of it. */
  readonly needsApproval: boolean
}

/** How a record of our own is marked, as somebody read it. */
export interface MarkedAs {
  /** Base64url. */
  readonly recordId: string
  /** Position of its newest marking record; undefined where its own statement says it. */
  readonly since: number | undefined
}

export type Outcome = { readonly receipt: Receipt } | { readonly error: ExchangeError }

export interface AppendContext {
  readonly db: Kysely<Tables>
  readonly identity: OwnIdentity
  readonly guard: Guard
  readonly log: Logger
  /** Kept up to date in place by `reloadSigners`. */
  readonly signers: Signers
  /** Reads the key files again: a rotation may have replaced them. */
  reloadSigners(): Promise<void>
  now(): Date
  /** Cryptographically strong bytes. */
  random(bytes: number): Uint8Array
}

/** Level of the subtrees that are stored, each over 2^8 leaves. */
export const subtreeLevel = 8

/**
 * Appends in one transaction what may be appended, and says of each entry what became of it; one refused entry never
 * fails its neighbours. Outcomes are durable when this returns.
 *
 * Where the log is sealed by interval, entries take positions of the one at hand, and the tree grows over them when it
 * ends: see `closeInterval`. What finds no room is refused with `unavailable` and the time until then.
 *
 * Order of what a crash can cut off: the guard names the new head before the commit, so that a database which comes
 * back without it is known to lack nothing that was acknowledged or signed.
 *
 * @param client Pipelined, and used by nobody else meanwhile. After an error its transaction is undecided: close it.
 * @throws the database's or the guard's error, `log-unconfirmed`, or `unavailable` when no key is valid; nothing was appended,
 * except that after an error of the commit itself nobody knows.
 */
export async function appendBatch(
  client: pg.ClientBase,
  context: AppendContext,
  entries: readonly NewEntry[],
): Promise<Outcome[]> {
  const known = await lookAhead(client, entries)
  const before = decodeFrontier(known.ownLog.size, known.ownLog.frontier)
  const head = headOf(before)
  await requireConfirmed(client, context, known.ownLog, head)
  if (known.ownLog.newestKeyset > context.identity.keyset().document.seq) await context.identity.refresh(context.db)

  const decisions = decideBatch(entries, known)
  const accepted = entries.filter((_, index) => decisions[index]?.kind === 'append')
  const places = await findPlaces(client, context, known.ownLog, accepted)
  const placed = await placeEntries(context, accepted, places)
  const batch = { db: context.db, log: known.ownLog.id, placed, at: context.now() }
  if (placed.length > 0) {
    await (known.ownLog.sealing
      ? insertBatch(client, batch)
      : writeAndGrow(client, context, { frontier: before, head }, batch))
  }
  await commit(client)
  return outcomesOf(decisions, placed, places)
}

export function headOf(frontier: Frontier): TreeHead {
  return { size: frontier.size, root: encodeBase64url(rootOf(frontier)) }
}

interface Places {
  /** Of the first entries; of all of them where the log is not sealed by interval. */
  readonly positions: readonly number[]
  /** When the tree grows over them, in seconds since the epoch; undefined: at once. */
  readonly sealsAt?: number
  /** In what time there is room for the others. */
  readonly freeInSeconds?: number
}

async function findPlaces(
  client: pg.ClientBase,
  context: AppendContext,
  { size, sealing }: OwnLogRow,
  entries: readonly NewEntry[],
): Promise<Places> {
  if (!sealing) return { positions: entries.map((_, index) => size + index) }
  const to = size + sealing.leaves
  const positions = await choosePositions(client, context, { from: size, to }, entries)
  const sealsAt = tickTimeOf(sealing, to)
  const freeInSeconds = Math.max(1, Math.ceil(sealsAt - context.now().getTime() / 1_000))
  if (positions.length < entries.length) {
    const refused = entries.length - positions.length
    context.log.warn({ refused, leaves: sealing.leaves, freeInSeconds }, 'more records than an interval has leaves')
  }
  return { positions, sealsAt, freeInSeconds }
}

/** Looked at for every batch: a database that fails over to a standby that lags does so while the node runs. */
export async function requireConfirmed(
  client: pg.ClientBase,
  context: AppendContext,
  log: OwnLogRow,
  head: TreeHead,
): Promise<void> {
  if (log.state === 'unconfirmed') throw unconfirmed()
  const verdict = judgeGuard(head, context.guard.read())
  if (verdict === 'consistent' || verdict === 'first-start') return
  context.log.error({ verdict, size: head.size }, 'database and guard disagree; publishing is stopped')
  await client.query(`update log set state = 'unconfirmed', state_reason = $2 where id = $1`, [log.id, verdict])
  await commit(client)
  throw unconfirmed()
}

async function placeEntries(
  context: AppendContext,
  entries: readonly NewEntry[],
  { positions, sealsAt }: Places,
): Promise<PlacedEntry[]> {
  const { iss, origin } = context.identity
  const placed: PlacedEntry[] = []
  for (const [index, position] of positions.entries()) {
    const entry = entries[index] as NewEntry
    const signed = await signedFor(context, entry.signed, position)
    const { recordId, statement } = signed
    const { finding, version } = statement
    const leafHash = leafHashOf(leafInputOf(recordId))
    const receipt = { recordId, iss, origin, finding, version, position, ...(sealsAt !== undefined && { sealsAt }) }
    placed.push({ entry, signed, leafHash, receipt })
  }
  return placed
}

/** Validity is judged by position, and the position is known only now. At position 0 the first document judges itself. */
async function signedFor(context: AppendContext, signed: SignedStatement, position: number): Promise<SignedStatement> {
  const isValid = (kid: string) => context.identity.keyset().findKey(kid, 'record', position) !== undefined
  if (isValid(signed.kid)) return signed
  if (!isValid(context.signers.record.kid)) await context.reloadSigners()
  const signer = context.signers.record
  if (!isValid(signer.kid)) throw new ExchangeError('unavailable', `no record key is valid at position ${position}`)
  return signStatement(signed.statement, signer)
}

async function writeAndGrow(
  client: pg.ClientBase,
  context: AppendContext,
  before: Pick<Growth, 'frontier' | 'head'>,
  batch: Batch,
): Promise<void> {
  const leaves = batch.placed.map(({ leafHash }) => leafHash)
  const growth = growthOf(before.frontier, leaves)
  await nameWhile(context, insertBatch(client, batch, growth), before.head, growth.head)
}

/**
 * The guard names the new head, durably, while the database takes in the rows; the commit is for when both are done. Where the
 * database fails, the guard is waited for all the same: its write must not come behind that of the next batch.
 */
export async function nameWhile(
  { guard }: AppendContext,
  inserted: Promise<unknown>,
  prev: TreeHead,
  last: TreeHead,
): Promise<void> {
  inserted.catch(() => {}) // heard of below
  await guard.intend(prev, last)
  await inserted
}

export function growthOf(before: Frontier, leaves: readonly Uint8Array[]): Growth {
  const subtrees: { index: number; hash: Uint8Array }[] = []
  const frontier = extendFrontier(before, leaves, (level, index, hash) => {
    if (level === subtreeLevel) subtrees.push({ index, hash })
  })
  return { frontier, head: headOf(frontier), subtrees }
}

/** A commit after a failed statement is answered as a rollback, and without an error. */
export async function commit(client: pg.ClientBase): Promise<void> {
  const { command } = await client.query('commit')
  if (command !== 'COMMIT') throw new ExchangeError('store-unavailable', 'the transaction was rolled back')
}

function outcomesOf(
  decisions: readonly Decision[],
  placed: readonly PlacedEntry[],
  { freeInSeconds }: Places,
): Outcome[] {
  const outcomes: Outcome[] = []
  let next = 0
  for (const decision of decisions) {
    if (decision.kind === 'append') outcomes.push(outcomeOf(placed[next++], freeInSeconds))
    else if (decision.kind === 'answer') outcomes.push({ receipt: decision.receipt })
    else if (decision.kind === 'refuse') outcomes.push({ error: decision.error })
    else outcomes.push(outcomes[decision.index] as Outcome)
  }
  return outcomes
}

function outcomeOf(placed: PlacedEntry | undefined, freeInSeconds: number | undefined): Outcome {
  return placed ? { receipt: placed.receipt } : { error: noRoom(freeInSeconds) }
}

function noRoom(retryAfterSeconds: number | undefined): ExchangeError {
  const message = 'there is no room before the log is sealed the next time'
  return new ExchangeError('unavailable', message, { ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })
}

function unconfirmed(): ExchangeError {
  return new ExchangeError('log-unconfirmed', 'the log is not confirmed to be the newest there is')
}
