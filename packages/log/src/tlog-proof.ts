import { limits } from '@concordance/protocol'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { LogError } from './error.ts'
import { type Hash, hashBytes } from './hash.ts'

/** The parts of a C2SP tlog-proof file, version 1. */
export interface TlogProof {
  readonly index: number
  /** Sibling hashes, leaf to root. */
  readonly hashes: readonly Hash[]
  /** The signed note of the checkpoint, whole. */
  readonly note: string
}

const header = 'c2sp.org/tlog-proof@v1'
/** A note of the largest size, 63 hashes, and an `extra` line. */
const charsAtMost = 196_608
const indexPattern = /^index (0|[1-9][0-9]{0,15})$/

/** Writes the file. No `extra` line: what we would say there stands in the record itself. */
export function formatTlogProof({ index, hashes, note }: TlogProof): string {
  return [header, `index ${index}`, ...hashes.map(encodeBase64), '', note].join('\n')
}

/**
 * Reads the file. Nothing is verified: the note and the inclusion are for the caller. An `extra` line is passed over:
 * nobody signs it.
 *
 * @throws {LogError} `PROOF_MALFORMED`.
 */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > charsAtMost) throw malformed(`is longer than ${charsAtMost} characters`)
  const split = text.indexOf('\n\n')
  if (split < 0) throw malformed('has no blank line before its checkpoint')
  const [first, ...lines] = text.slice(0, split).split('\n')
  if (first !== header) throw malformed(`does not begin with ${header}`)
  const extra = lines[0]?.startsWith('extra ') ? lines.shift()?.slice('extra '.length) : undefined
  if (extra !== undefined && decodeBase64(extra) === undefined) throw malformed('has extra data that is not base64')
  const index = indexPattern.exec(lines.shift() ?? '')?.[1]
  if (index === undefined || !Number.isSafeInteger(Number(index))) throw malformed('names no index')
  if (lines.length > limits.proofHashes) throw malformed(`has more than ${limits.proofHashes} hashes`)
  return { index: Number(index), hashes: lines.map(parseHash), note: text.slice(split + 2) }
}

function parseHash(line: string): Hash {
  const bytes = decodeBase64(line)
  if (bytes?.length !== hashBytes) throw malformed('has a line that is not a hash')
  return bytes
}

function malformed(what: string): LogError {
  return new LogError('PROOF_MALFORMED', `the proof file ${what}`)
}
