import { existsSync } from 'node:fs'
import type { Client } from '@concordance/client'
import { type Misconduct, type RecordProof, verifyMisconduct, verifyRecordProof } from '@concordance/log'
import { api, type JsonObject, parseJson, parseStatementUnsafe, type Statement } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { type Context, dataDirOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { isDigest } from '../ids.ts'
import { findNodeFile, findOwnPin } from '../node-file.ts'
import { readText } from '../read-file.ts'
import { titleOf } from '../title.ts'

export interface VerifyOptions {
  readonly pin?: string
  readonly iss?: string
}

/** A record id is asked of the node and proven; anything else is a file, proven offline. */
export async function verify(context: Context, what: string, options: VerifyOptions): Promise<void> {
  if (options.pin !== undefined && !isDigest(options.pin)) {
    throw usageFailure(`${options.pin} is not a thumbprint`, 'give the 43 characters that the institute told you')
  }
  const isRecordId = isDigest(what) && !existsSync(what)
  if (!isRecordId) return verifyFile(context, what, options)
  const { withClient } = await import('../connection.ts')
  return withClient(context, (client) => verifyOnline(context, client, what, options))
}

async function verifyOnline(context: Context, client: Client, recordId: string, options: VerifyOptions): Promise<void> {
  const { signal } = context
  const { iss } = await client.call(api.getRecord, { params: { id: recordId }, signal })
  requireIss(iss, options)
  const pin = options.pin ?? findPinnedHere(context, iss) ?? (await findPinOfPeer(client, iss, signal)) ?? noPin(iss)
  const { verifiedRecord } = await import('@concordance/client')
  const verified = await verifiedRecord(client, recordId, { iss, pin }, { signal })
  showRecord(context, { ...verified, position: verified.proof.position }, pin)
}

async function verifyFile(context: Context, path: string, options: VerifyOptions): Promise<void> {
  const bundle = parseBundle(await readText(path, maxBundleBytes), path)
  // The pin is chosen by what the file says of itself: a lie leads to a pin under which it does not verify.
  const iss = bundle.kind === 'record-proof' ? unverifiedIssOf(bundle) : String(bundle.iss)
  requireIss(iss, options)
  const pin = options.pin ?? findPinnedHere(context, iss) ?? noPin(iss)
  if (bundle.kind === 'record-proof') {
    const { position } = bundle as unknown as RecordProof
    return showRecord(context, { ...verifyRecordProof(bundle, pin), position }, pin)
  }
  showMisconduct(context, verifyMisconduct(bundle, pin), pin)
}

/** Evidence that a log was rewritten holds a hash for each of its leaves. */
const maxBundleBytes = 256 * 1024 * 1024

function parseBundle(text: string, path: string): JsonObject {
  try {
    const value = parseJson(text, { maxBytes: maxBundleBytes })
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  } catch {
    // Said below: what is not JSON proves nothing.
  }
  throw new Failure({
    what: `could not verify ${path}`,
    why: 'it is not a JSON object',
    remedy: 'name a file made by `concordance export --proof` or `concordance evidence export`',
    code: 'PROOF_MALFORMED',
    exit: exitCodes.verificationFailed,
  })
}

function unverifiedIssOf(bundle: JsonObject): string {
  return parseStatementUnsafe(String(bundle.statement)).statement.iss
}

function requireIss(iss: string, { iss: expected }: VerifyOptions): void {
  if (expected === undefined || iss === expected) return
  throw new Failure({
    what: 'could not verify',
    why: `it is of ${plainText(iss)}, not of ${expected}`,
    remedy: 'do not rely on it; ask whoever gave it to you',
    code: 'ISSUER',
    exit: exitCodes.verificationFailed,
  })
}

/** The pins of the data folder: the institute's own root key, and those its operator pinned for the peers. */
function findPinnedHere(context: Context, iss: string): string | undefined {
  const dataDir = dataDirOf(context)
  const file = findNodeFile(dataDir)
  if (file?.entityId === iss) return findOwnPin(dataDir)
  return file?.peers?.find((peer) => peer.iss === iss)?.pin
}

async function findPinOfPeer(client: Client, iss: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { items } = await client.call(api.listPeers, { signal })
    return items.find((peer) => peer.iss === iss)?.pin
  } catch (error) {
    if ((error as { code?: string }).code === 'unauthenticated') return undefined // asking as the public: --pin is needed
    throw error
  }
}

function noPin(iss: string): never {
  throw new Failure({
    what: 'could not verify',
    why: `no root key is pinned for ${iss}`,
    remedy: 'pass --pin with the thumbprint that the institute told you, by voice or on paper',
    code: 'NO_PIN',
    exit: exitCodes.usage,
  })
}

interface Shown {
  readonly recordId: string
  readonly statement: Statement
  readonly body: JsonObject | undefined
  readonly position: number
  readonly checkpoint: { readonly size: number; readonly root: string; readonly iat: number }
}

function showRecord({ terminal }: Context, shown: Shown, pin: string): void {
  const { recordId, statement, body, position, checkpoint } = shown
  const { iss, type, finding, version, mark, log } = statement
  const of = { recordId, iss, origin: log, type, finding, version, mark, position }
  const head = { size: checkpoint.size, root: checkpoint.root }
  const value = { verified: true, kind: 'record-proof', ...of, ...head, body: body ? 'open' : 'closed', pin }
  terminal.give(value, () => {
    const title = body && titleOf(type, body, statement.lang)
    return [
      `Proven: this is exactly what ${plainText(iss)} signed on ${dayOf(statement.iat)}.`,
      ...(title === undefined ? [] : [`  what        ${plainText(title)}`]),
      `  record      ${recordId}, ${plainText(type)}, version ${version} of finding ${finding}`,
      `  marking     TLP:${mark.tlp}`,
      `  signature   ok, by a record key that the root ${pin} stands for`,
      `  body        ${body ? 'ok, the bytes that the statement commits to' : 'closed: not part of what was proven'}`,
      `  inclusion   ok, position ${position} of a log of ${checkpoint.size}`,
      `  checkpoint  ok, signed on ${dayOf(checkpoint.iat)}`,
    ]
  })
}

function showMisconduct({ terminal }: Context, misconduct: Misconduct, pin: string): void {
  terminal.give({ verified: true, ...misconduct, pin }, () => [
    `Proven: ${plainText(misconduct.sentence)}.`,
    `  kind        ${misconduct.kind}`,
    `  signatures  ok, by keys that the root ${pin} stands for`,
  ])
}

function dayOf(iat: number): string {
  return new Date(iat * 1000).toISOString().slice(0, 10)
}
