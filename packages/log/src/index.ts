export { type Checkpoint, parseCheckpointUnsafe, signCheckpoint, verifyCheckpoint } from './checkpoint.ts'
export { LogError, type LogErrorCode } from './error.ts'
export {
  decodeFrontier,
  emptyFrontier,
  encodeFrontier,
  extendFrontier,
  type Frontier,
  rootOf,
  rootOfLeaves,
} from './frontier.ts'
export { emptyRoot, type Hash, hashChildren } from './hash.ts'
export { verifyKeysetChain } from './keyset-chain.ts'
export {
  type CoverageWitness,
  findDenied,
  type Misconduct,
  type MisconductBundle,
  verifyMisconduct,
} from './misconduct.ts'
export { type NoteCheckpoint, parseNoteCheckpoint, parseNoteUnsafe, signNote, verifyNote, vkeyOf } from './note.ts'
export {
  type ConsistencyAnswer,
  type InclusionAnswer,
  parseConsistencyAnswer,
  parseInclusionAnswer,
} from './proof-answer.ts'
export { consistencyRanges, inclusionRanges, type LeafRange } from './ranges.ts'
export { type RecordProof, type VerifiedRecordProof, verifyRecordProof } from './record-proof.ts'
export { formatTlogProof, parseTlogProof, type TlogProof } from './tlog-proof.ts'
export { type TreeHead, verifyConsistency, verifyInclusion } from './verify-proof.ts'
