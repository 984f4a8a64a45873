import { type RecordProof, type VerifiedRecordProof, verifyRecordProof } from '@concordance/log'
import { api } from '@concordance/protocol'
import type { CallOptions, Client } from './create-client.ts'
import { ClientError } from './error.ts'

/** Whom the caller trusts: an institute, by the thumbprint of its root key (RFC 7638) learnt out of band. */
export interface Trust {
  readonly iss: string
  readonly pin: string
}

export interface VerifiedRecord extends VerifiedRecordProof {
  /** What was verified, to be kept or handed on. */
  readonly proof: RecordProof
}

/**
 * Fetches a record with its proof and believes none of it: statement, body, inclusion and checkpoint are verified
 * against the pin, and the record is the one that was asked for.
 *
 * @throws {ClientError} `not-found` and other failures of the call; `ANSWER_MALFORMED` for another record.
 * @throws {ProtocolError | LogError} the code of the first step that does not verify.
 */
export async function verifiedRecord(
  client: Client,
  recordId: string,
  trust: Trust,
  options: CallOptions = {},
): Promise<VerifiedRecord> {
  const proof: RecordProof = await client.call(api.getRecordProof, { ...options, params: { id: recordId } })
  const verified = verifyRecordProof(proof, trust.pin)
  if (verified.recordId !== recordId || verified.statement.iss !== trust.iss) {
    throw new ClientError('ANSWER_MALFORMED', 'the proof is of another record than was asked for')
  }
  return { ...verified, proof }
}
