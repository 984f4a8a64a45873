import { decodeBase64url, limits } from '@concordance/protocol'
import { LogError } from './error.ts'
import { type Hash, hashBytes } from './hash.ts'
import type { TreeHead } from './verify-proof.ts'

/** What `GET /v1/log/proof/inclusion` answered. Leaf and tree are claims: check the proof against a verified checkpoint. */
export interface InclusionAnswer {
  readonly position: number
  readonly leaf: Hash
  readonly tree: TreeHead
  readonly proof: readonly Hash[]
}

/** What `GET /v1/log/proof/consistency` answered. Both trees are claims: check the proof against verified checkpoints. */
export interface ConsistencyAnswer {
  readonly from: TreeHead
  readonly to: TreeHead
  readonly proof: readonly Hash[]
}

/**
 * Takes an untrusted answer apart: exact integers, strict base64url, at most 63 hashes. Members that nobody asks for are
 * passed over. Nothing is verified.
 *
 * @throws {LogError} `PROOF_MALFORMED`.
 */
export function parseInclusionAnswer(value: unknown): InclusionAnswer {
  const { position, leaf, size, root, hashes } = parseMembers(value)
  const tree = { size: parseCount(size), root: parseHash(root) }
  return { position: parseCount(position), leaf: parseHash(leaf), tree, proof: parseHashes(hashes) }
}

/** As `parseInclusionAnswer`. @throws {LogError} `PROOF_MALFORMED`. */
export function parseConsistencyAnswer(value: unknown): ConsistencyAnswer {
  const { from, to, hashes } = parseMembers(value)
  return { from: parseHead(from), to: parseHead(to), proof: parseHashes(hashes) }
}

function parseHead(value: unknown): TreeHead {
  const { size, root } = parseMembers(value)
  return { size: parseCount(size), root: parseHash(root) }
}

function parseMembers(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw malformed('is no object')
  return value as Record<string, unknown>
}

function parseCount(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed('holds a number out of range')
  return value as number
}

function parseHashes(value: unknown): Hash[] {
  if (!Array.isArray(value)) throw malformed('has no hashes')
  if (value.length > limits.proofHashes) throw malformed(`has more than ${limits.proofHashes} hashes`)
  return Array.from(value, parseHash)
}

function parseHash(value: unknown): Hash {
  const bytes = typeof value === 'string' && value.length <= 43 ? decode(value) : undefined
  if (bytes?.length !== hashBytes) throw malformed(`holds a hash that is not ${hashBytes} bytes of base64url`)
  return bytes
}

function decode(text: string): Uint8Array {
  try {
    return decodeBase64url(text)
  } catch (error) {
    throw new LogError('PROOF_MALFORMED', 'the proof holds a hash that is not strict base64url', { cause: error })
  }
}

function malformed(what: string): LogError {
  return new LogError('PROOF_MALFORMED', `the proof ${what}`)
}
