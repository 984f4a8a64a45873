import {
  type CompactJws,
  encodeBase64url,
  getKey,
  isOriginOf,
  type JsonObject,
  type Keyset,
  parseCompactUnsafe,
  type Signer,
  signCompact,
  verifyCompact,
} from '@concordance/protocol'
import { LogError } from './error.ts'
import { emptyRoot } from './hash.ts'

/** The signed size and root of a log. */
export type Checkpoint = {
  v: 1
  /** Entity id of the institute. */
  iss: string
  origin: string
  size: number
  /** Root over the first `size` leaves, base64url; of the empty log, SHA-256 of nothing. */
  root: string
  /** Seconds since the epoch; never falls from one checkpoint to the next. */
  iat: number
  /** Sequence number of the keyset document in force. */
  keyset: number
}

/** Signs with a `log` key. @throws {LogError} `CHECKPOINT`. */
export async function signCheckpoint(checkpoint: Checkpoint, signer: Signer): Promise<string> {
  readCheckpoint(checkpoint)
  return signCompact('concordance-checkpoint+jwt', checkpoint, signer)
}

/**
 * Unsafe: the signature is NOT checked.
 *
 * @throws {LogError} `CHECKPOINT`, or ProtocolError with the codes of `parseCompactUnsafe`.
 */
export function parseCheckpointUnsafe(compact: string): { checkpoint: Checkpoint; jws: CompactJws } {
  const jws = parseCompactUnsafe(compact, 'concordance-checkpoint+jwt')
  return { checkpoint: readCheckpoint(jws.payload), jws }
}

/**
 * Verifies a checkpoint by a `log` key that was good at its size, of a root-signed keyset document of the same institute.
 * A document lists old keys as well, so the newest one verifies every earlier checkpoint of its log.
 *
 * @throws {LogError} `CHECKPOINT` for another log; ProtocolError `KEY_UNKNOWN`, `KEY_PURPOSE`, `KEY_REVOKED`,
 *   `SIGNATURE_INVALID` and the codes of `parseCheckpointUnsafe`.
 */
export function verifyCheckpoint(compact: string, keyset: Keyset): Checkpoint {
  const { checkpoint, jws } = parseCheckpointUnsafe(compact)
  const { iss, origin, seq } = keyset.document
  if (checkpoint.iss !== iss || checkpoint.origin !== origin) throw refusal('is of another log')
  if (checkpoint.keyset > seq) throw refusal(`speaks of keyset ${checkpoint.keyset}, which is not known`)
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'log', checkpoint.size))
  return checkpoint
}

const digest = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

function readCheckpoint(payload: JsonObject): Checkpoint {
  const { v, iss, origin, size, root, iat, keyset } = payload
  if (v !== 1) throw refusal('is of another version')
  if (typeof iss !== 'string' || typeof origin !== 'string' || !isOriginOf(iss, origin)) {
    throw refusal('names a log that is not one of its issuer')
  }
  if (!isCount(size) || !isCount(iat) || !isCount(keyset) || keyset === 0) throw refusal('holds a number out of range')
  if (typeof root !== 'string' || !digest.test(root)) throw refusal('holds no root')
  if (size === 0 && root !== encodeBase64url(emptyRoot)) throw refusal('gives the empty log another root')
  return payload as Checkpoint
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function refusal(what: string): LogError {
  return new LogError('CHECKPOINT', `the checkpoint ${what}`)
}
