import { hash } from 'node:crypto'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { interpretBody, verifyBodyDigest } from './body.ts'
import type { JsonObject } from './canonical-json.ts'
import { ProtocolError } from './error.ts'
import { type CompactJws, verifyCompactAsync } from './jws.ts'
import type { VerifyKey } from './keys.ts'
import { getKey, type Keyset, verifyKeyset } from './keyset.ts'
import { leafHashOf, leafInputOf } from './leaf.ts'
import type { WireEntry } from './page.ts'
import { findRecordType, hidingTypes } from './records/index.ts'
import { checkStatement, parseRecordJws, type RelationTarget, type Statement, targetsOf } from './statement.ts'

/** Whose log is read, and how far the keys are known. */
export interface GateContext {
  readonly iss: string
  readonly origin: string
  /** Thumbprint of the root key, exchanged out of band. */
  readonly pin: string
  /** In force for the next position; undefined before position 0. `gateEntries` advances it. */
  keyset: Keyset | undefined
}

/** An entry that has passed the gate: bytes are proven to be the issuer's, and read as far as this version can. */
export interface GatedEntry {
  readonly position: number
  readonly leafHash: Uint8Array
  readonly recordId?: string
  /** Absent where the entry is closed, or where the signed payload is no statement; then `quarantine` says why. */
  readonly statement?: Statement
  readonly compact?: string
  readonly bodyText?: string
  readonly body?: JsonObject
  readonly quarantine?: Quarantine
  /** This entry put it in force. */
  readonly keyset?: Keyset
}

/** Why a proven record is stored but not interpreted. */
export interface Quarantine {
  /** A ProtocolErrorCode, or `CONTROL_UNINTERPRETED`: a record that takes something away could not be read. */
  readonly code: string
  /** Holds no content. */
  readonly detail: string
  /** With `CONTROL_UNINTERPRETED`: the issuer's own records and findings it names, to be hidden until it can be read. */
  readonly hides?: readonly RelationTarget[]
}

/**
 * The one gate for everything that arrives, by pull, bundle or relay. Checks, for consecutive positions beginning at
 * `from`: the leaf commits to the statement; the statement is signed by a record key of the keyset in force before its
 * position (position 0: of its own document, verified by the pin), for this issuer and log; the body is the one the
 * statement commits to. That the leaves are those of a signed checkpoint is for the caller to check.
 *
 * A record whose signed content breaks a rule is quarantined. Of a type this version does not know, it is passed on
 * uninterpreted.
 *
 * @returns One item per entry. On success `context.keyset` is the keyset in force after the last entry.
 * @throws {ProtocolError} `KEYSET` where a keyset record cannot be verified: nothing behind it can be judged. Any other
 *   code: the page as a whole is invalid. Either way nothing of it may be used, and `context` is unchanged.
 */
export async function gateEntries(
  context: GateContext,
  entries: readonly WireEntry[],
  from: number,
): Promise<GatedEntry[]> {
  const reader: Reader = { ...context, next: from }
  const gated: GatedEntry[] = []
  let inFlight = verifyFlight([])
  for (let at = 0; at < entries.length; at += flightSize) {
    const flight = entries.slice(at, at + flightSize).map((entry) => openEntry(reader, entry))
    // One flight is verified in the thread pool while the next is read here.
    const checking = verifyFlight(flight)
    for (const opened of flight) gated.push(interpretEntry(context, opened))
    await settle(inFlight)
    inFlight = checking
  }
  await settle(inFlight)
  context.keyset = reader.keyset
  return gated
}

/** Enough to keep every thread of the pool busy while the next ones are read. */
const flightSize = 64

interface Reader extends GateContext {
  next: number
}

/** An entry whose envelope is taken apart and whose key is known; `record` is absent where it is closed. */
interface OpenedEntry {
  readonly wire: WireEntry
  readonly leafHash: Uint8Array
  readonly record?: { recordId: string; compact: string; jws: CompactJws; key: VerifyKey; keyset?: Keyset }
}

function openEntry(reader: Reader, wire: WireEntry): OpenedEntry {
  const position = reader.next++
  if (wire.position !== position) throw new ProtocolError('PAGE', `expected position ${position}`)
  refuseWrongParts(wire)
  const leafHash = decodeBase64url(wire.leaf)
  if (wire.statement === undefined) {
    if (reader.keyset === undefined) throw new ProtocolError('KEYSET', 'position 0 is not an open keyset record')
    return { wire, leafHash }
  }
  const jws = parseRecordJws(wire.statement)
  const recordId = hash('sha256', wire.statement, 'base64url')
  if (encodeBase64url(leafHashOf(leafInputOf(recordId))) !== wire.leaf) {
    throw new ProtocolError('LEAF_MISMATCH', `the leaf at ${position} commits to another statement`)
  }
  refuseForeign(reader, jws)
  const keyset = jws.payload.type === 'keyset' ? openKeyset(reader, wire, jws) : undefined
  const judge = reader.keyset ?? keyset
  if (judge === undefined) throw new ProtocolError('KEYSET', 'position 0 is not a keyset record')
  const key = getKey(judge, jws.header.kid, 'record', position)
  if (keyset !== undefined) reader.keyset = keyset
  const record = { recordId, compact: wire.statement, jws, key }
  return { wire, leafHash, record: keyset === undefined ? record : { ...record, keyset } }
}

function refuseWrongParts({ position, state, statement, body }: WireEntry): void {
  if ((state === 'hash') !== (statement === undefined) || (state !== 'open' && body !== undefined)) {
    throw new ProtocolError('PAGE', `the entry at ${position} in state ${state} holds the wrong parts`)
  }
}

/** Issuer and log come before everything else the payload says: a record of another log is nobody's record here. */
function refuseForeign({ iss, origin }: GateContext, { payload }: CompactJws): void {
  if (payload.iss !== iss) throw new ProtocolError('ISSUER', 'the statement is of another issuer')
  if (payload.log !== origin) throw new ProtocolError('ORIGIN', 'the statement is of another log')
}

function openKeyset(reader: Reader, { position, body }: WireEntry, { payload }: CompactJws): Keyset {
  const { pin, iss, origin, keyset: previous } = reader
  try {
    const statement = checkStatement(payload)
    if (body === undefined) throw new ProtocolError('KEYSET', 'a keyset record without its body')
    verifyBodyDigest(statement, body)
    const { document } = interpretBody(statement, body) as { document: string }
    const keyset = verifyKeyset(document, previous === undefined ? { pin, iss } : { pin, iss, previous })
    if (keyset.document.origin !== origin) throw new ProtocolError('ORIGIN', 'the keyset is of another log')
    return keyset
  } catch (error) {
    // Other bytes than the issuer signed say nothing about its keys: that is a fault of this page.
    if (error instanceof ProtocolError && error.code === 'DIGEST_MISMATCH') throw error
    throw new ProtocolError('KEYSET', `the keyset record at ${position} cannot be verified`, { cause: error })
  }
}

/** Never rejects: the flight is judged after the next one has begun, and a rejection nobody awaits yet ends a process. */
async function verifyFlight(flight: readonly OpenedEntry[]): Promise<readonly PromiseSettledResult<void>[]> {
  return Promise.allSettled(flight.map(({ record }) => record && verifyCompactAsync(record.jws, record.key)))
}

async function settle(flight: Promise<readonly PromiseSettledResult<void>[]>): Promise<void> {
  for (const result of await flight) if (result.status === 'rejected') throw result.reason
}

function interpretEntry(context: GateContext, { wire, leafHash, record }: OpenedEntry): GatedEntry {
  const { position } = wire
  if (record === undefined) return { position, leafHash }
  const { recordId, compact, jws, keyset } = record
  const proven = { position, leafHash, recordId, compact, ...(keyset === undefined ? {} : { keyset }) }
  const statement = tryTo(() => checkStatement(jws.payload))
  if (statement instanceof ProtocolError) return { ...proven, quarantine: quarantineOf(context, jws, statement) }
  if (wire.body === undefined) return { ...proven, statement, ...judgeClosed(context, wire, jws, statement) }
  verifyBodyDigest(statement, wire.body)
  const bodyText = wire.body
  const body = tryTo(() => interpretBody(statement, bodyText))
  const opened = { ...proven, statement, bodyText }
  if (body instanceof ProtocolError) return { ...opened, quarantine: quarantineOf(context, jws, body) }
  if (isUnknownControl(statement.type)) return { ...opened, body, quarantine: quarantineOf(context, jws, unknownType) }
  return { ...opened, body }
}

/** What the issuer signed against the rules is kept as proof and not read; a fault of any other kind is thrown on. */
function tryTo<Value>(read: () => Value): Value | ProtocolError {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

/** An entry in state `open` shows its body, if it has one; a control record without its body cannot be read. */
function judgeClosed(
  context: GateContext,
  { position, state }: WireEntry,
  jws: CompactJws,
  statement: Statement,
): { quarantine?: Quarantine } {
  if (state === 'open' && statement.body !== undefined) {
    throw new ProtocolError('PAGE', `the entry at ${position} is open but lacks its body`)
  }
  if (hidingTypes.has(statement.type)) return { quarantine: quarantineOf(context, jws, withoutBody) }
  const needsBody = state === 'open' && findRecordType(statement.type)?.body !== undefined
  return needsBody ? { quarantine: quarantineOf(context, jws, withoutBody) } : {}
}

const withoutBody = new ProtocolError('SCHEMA', 'the record has no readable body')
const unknownType = new ProtocolError('TYPE_UNKNOWN', 'a control record of a type this version does not know')

function isUnknownControl(type: string): boolean {
  return hidingTypes.has(type) && findRecordType(type) === undefined
}

function quarantineOf({ iss }: GateContext, { payload }: CompactJws, { code, message }: ProtocolError): Quarantine {
  const { type } = payload
  if (typeof type !== 'string' || !hidingTypes.has(type)) return { code, detail: message }
  // Nobody can take away what is another's.
  const hides = targetsOf(payload).filter((target) => target.iss === iss)
  return { code: 'CONTROL_UNINTERPRETED', detail: message, hides }
}
