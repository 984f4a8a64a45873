import {
  decodeBase64url,
  encodeBase64url,
  getKey,
  type JsonObject,
  type Keyset,
  leafHashOf,
  leafInputOf,
  parseStatementUnsafe,
  type Statement,
  verifyBody,
  verifyCompact,
} from '@concordance/protocol'
import { type Checkpoint, verifyCheckpoint } from './checkpoint.ts'
import { LogError } from './error.ts'
import type { Hash } from './hash.ts'
import { verifyKeysetChain } from './keyset-chain.ts'
import { parseNoteCheckpoint, verifyNote, vkeyOf } from './note.ts'
import { parseTlogProof } from './tlog-proof.ts'
import { verifyInclusion } from './verify-proof.ts'

/** One record with all that is needed to check it offline: an export that convinces whoever trusts the pin. */
export type RecordProof = {
  v: 1
  kind: 'record-proof'
  /** Keyset documents (compact JWS), the chain from the first to the one in force. */
  keysets: readonly string[]
  /** Compact JWS. */
  statement: string
  /** Canonical text; null where it was not open to whoever exported. */
  body: string | null
  position: number
  /** Leaf hash, base64url. */
  leaf: string
  /**
   * C2SP tlog-proof: index, inclusion proof, signed note. Null where there is no note: it was exported from a copy of the
   * log, which holds none, or the log is signed with ES256.
   */
  proof: string | null
  /** The inclusion proof where there is no `proof`, and only there: base64url, leaf to root. */
  hashes?: readonly string[]
  /** The same size and root as JWS. */
  checkpoint: string
}

export interface VerifiedRecordProof {
  readonly recordId: string
  readonly statement: Statement
  readonly body: JsonObject | undefined
  readonly checkpoint: Checkpoint
}

/**
 * Verifies an exported record offline, trusting only the pinned root thumbprint: keyset chain, signature of the
 * statement, body, inclusion, signature of the checkpoint, and that the C2SP proof, if there is one, says the same.
 *
 * @param pin RFC 7638 thumbprint of the issuer's first root key, learnt out of band.
 * @throws {LogError | ProtocolError} the code of the first step that fails.
 */
export function verifyRecordProof(value: unknown, pin: string): VerifiedRecordProof {
  const bundle = readRecordProof(value)
  const { statement, recordId, jws } = parseStatementUnsafe(bundle.statement)
  const keyset = verifyKeysetChain(bundle.keysets, { iss: statement.iss, pin })
  if (statement.log !== keyset.document.origin) throw malformed('is of another log')
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'record', bundle.position))
  const body = bundle.body === null ? undefined : verifyBody(statement, bundle.body)
  const checkpoint = verifyCheckpoint(bundle.checkpoint, keyset)
  const leaf = leafHashOf(leafInputOf(recordId))
  if (encodeBase64url(leaf) !== bundle.leaf) throw malformed('names another leaf')
  const hashes = readInclusion(bundle, checkpoint, keyset)
  verifyInclusion(leaf, bundle.position, hashes, { size: checkpoint.size, root: decodeBase64url(checkpoint.root) })
  return { recordId, statement, body, checkpoint }
}

function readInclusion({ proof, hashes = [], position }: RecordProof, checkpoint: Checkpoint, keyset: Keyset): Hash[] {
  if (proof === null) return hashes.map(decodeHash)
  const noted = parseTlogProof(proof)
  if (noted.index !== position) throw malformed('names two positions')
  verifySameHead(noted.note, checkpoint, keyset)
  return [...noted.hashes]
}

function decodeHash(text: string): Hash {
  const hash = decodeBase64url(text)
  if (hash.length !== 32) throw malformed('holds a hash that is not of 32 bytes')
  return hash
}

/** The note and the JWS checkpoint must be two spellings of one size and root. */
function verifySameHead(note: string, checkpoint: Checkpoint, keyset: Keyset): void {
  const vkeys = keyset.document.keys.flatMap(({ jwk, purpose }) =>
    purpose === 'log' && jwk.kty === 'OKP' ? [vkeyOf(checkpoint.origin, jwk)] : [],
  )
  const noted = parseNoteCheckpoint(verifyNote(note, vkeys))
  const same = noted.origin === checkpoint.origin && noted.size === checkpoint.size
  if (!same || encodeBase64url(noted.root) !== checkpoint.root) throw malformed('holds a note of another checkpoint')
}

function readRecordProof(value: unknown): RecordProof {
  const bundle = value as Partial<RecordProof> | null
  const isText = (text: unknown) => typeof text === 'string'
  const isTexts = (texts: unknown) => Array.isArray(texts) && texts.length <= 1_000 && texts.every(isText)
  if (typeof bundle !== 'object' || bundle === null || bundle.v !== 1 || bundle.kind !== 'record-proof') {
    throw malformed('is not a record proof of version 1')
  }
  const whole =
    isTexts(bundle.keysets) &&
    isText(bundle.leaf) &&
    isText(bundle.statement) &&
    isText(bundle.checkpoint) &&
    (isText(bundle.proof) ? bundle.hashes === undefined : bundle.proof === null && isTexts(bundle.hashes)) &&
    (bundle.body === null || isText(bundle.body)) &&
    Number.isSafeInteger(bundle.position)
  if (!whole) throw malformed('lacks a member')
  return bundle as RecordProof
}

function malformed(what: string): LogError {
  return new LogError('PROOF_MALFORMED', `the record proof ${what}`)
}
