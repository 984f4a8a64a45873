/** Stable: callers branch on the code and never on a message. */
export type LogErrorCode =
  | 'INDEX_OUT_OF_RANGE' // a position that is not in [0, size), or not an integer
  | 'SIZE_OUT_OF_RANGE' // a tree size that is negative, beyond 2^53-1, or smaller than an earlier one
  | 'PROOF_LENGTH' // a proof with more or fewer hashes than its position and sizes require
  | 'ROOT_MISMATCH' // the hashes do not lead to the root they have to lead to
  | 'FRONTIER_MALFORMED' // a frontier whose hashes do not follow from its size, or a leaf that is no hash
  | 'NOTE_MALFORMED' // not a signed note, not a checkpoint note, or not a verifier key (C2SP)
  | 'NOTE_SIGNATURE' // no signature of a known key, or one that does not verify
  | 'CHECKPOINT' // a signed checkpoint that says what no checkpoint may say, or of another log
  | 'PROOF_MALFORMED' // a proof answer, proof file or record proof that is not of its format
  | 'EVIDENCE' // a misconduct bundle that proves nothing

export class LogError extends Error {
  override readonly name = 'LogError'
  readonly code: LogErrorCode
  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
