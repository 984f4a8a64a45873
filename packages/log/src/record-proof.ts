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
import { isSameHash } from './hash.ts'
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
  /** C2SP tlog-proof: index, inclusion proof, signed note. Empty where the log key cannot sign notes. */
  proof: string
  /** The same size and root as JWS. */
  checkpoint: string
  /** Sibling hashes, base64url, leaf to root. */
  inclusion: readonly string[]
}

export interface VerifiedRecordProof {
  readonly recordId: string
  readonly statement: Statement
  readonly body: JsonObject | undefined
  readonly checkpoint: Checkpoint
}

/**
 * Verifies an exported record offline, trusting only the pinned root thumbprint: keyset chain, signature of the
 * statement, body, inclusion, signature of the checkpoint, and that the C2SP proof says the same.
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
  const body = bundle.body === null || !statement.body ? undefined : verifyBody(statement, bundle.body)
  const checkpoint = verifyCheckpoint(bundle.checkpoint, keyset)
  const root = decodeBase64url(checkpoint.root)
  const leaf = leafHashOf(leafInputOf(recordId))
  const hashes = bundle.inclusion.map((hash) => decodeBase64url(hash))
  verifyInclusion(leaf, bundle.position, hashes, { size: checkpoint.size, root })
  if (bundle.proof !== '') verifyNoteOf(bundle, checkpoint, keyset)
  return { recordId, statement, body, checkpoint }
}

/** The note and the JWS checkpoint must be two spellings of one size and root, and the C2SP proof lead there too. */
function verifyNoteOf(bundle: RecordProof, checkpoint: Checkpoint, keyset: Keyset): void {
  const { index, hashes, note } = parseTlogProof(bundle.proof)
  const vkeys = keyset.document.keys.flatMap(({ jwk, purpose }) =>
    purpose === 'log' && jwk.kty === 'OKP' ? [vkeyOf(checkpoint.origin, jwk)] : [],
  )
  const noted = parseNoteCheckpoint(verifyNote(note, vkeys))
  const same = noted.origin === checkpoint.origin && noted.size === checkpoint.size && index === bundle.position
  if (!same || encodeBase64url(noted.root) !== checkpoint.root) throw malformed('holds a note of another checkpoint')
  const proof = bundle.inclusion.map((hash) => decodeBase64url(hash))
  if (hashes.length !== proof.length || hashes.some((hash, i) => !isSameHash(hash, proof[i] as Uint8Array))) {
    throw malformed('holds two different inclusion proofs')
  }
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
    isTexts(bundle.inclusion) &&
    isText(bundle.statement) &&
    isText(bundle.checkpoint) &&
    isText(bundle.proof) &&
    (bundle.body === null || isText(bundle.body)) &&
    Number.isSafeInteger(bundle.position)
  if (!whole) throw malformed('lacks a member')
  return bundle as RecordProof
}

function malformed(what: string): LogError {
  return new LogError('PROOF_MALFORMED', `the record proof ${what}`)
}
