import {
  type CompactJws,
  importVerifyKey,
  ProtocolError,
  parseCompactUnsafe,
  parseJson,
  parsePublicJwk,
  verifyCompact,
} from '@concordance/protocol'
import { splitCompact } from '../../packages/protocol/src/compact.ts'

/** Keys as foreign files write them: with `kid`, without `alg` or `use`, alone or in a set. */
export type ForeignKey = Record<string, unknown> & { kid?: string; keys?: readonly ForeignKey[] }

/** The code a call is refused with, or `accepted`. */
export function verdictOf(call: () => unknown): string {
  try {
    call()
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

/** What the gate says: it takes our own messages only, so every foreign one is refused here. */
export function verdictOfGate(jws: string): string {
  return verdictOf(() => parseCompactUnsafe(jws, 'concordance-record+jwt'))
}

/**
 * What the parts of the gate say that know nothing of our header members and payloads: strict segments, strict JSON in
 * the header, a key of the profile for the algorithm named there, the signature.
 */
export function verdictOfParts(jws: string, key: ForeignKey): string {
  return verdictOf(() => {
    const { header: bytes, signature, signingInput } = splitCompact(jws, 65_536)
    const header = parseJson(bytes) as { alg?: string; kid?: string }
    const verifyKey = importVerifyKey(parsePublicJwk(asPublicKey(key, header)))
    const named = { alg: verifyKey.alg, kid: verifyKey.kid, typ: 'concordance-record+jwt' } as const
    const opened: CompactJws = { compact: jws, header: named, payload: {}, signature, signingInput }
    verifyCompact(opened, verifyKey)
  })
}

/** The members that make the key, with the algorithm of the header unless the key names its own. */
function asPublicKey(key: ForeignKey, header: { alg?: string; kid?: string }): unknown {
  const found = key.keys?.find((candidate) => candidate.kid === header.kid) ?? key
  const { kid: _kid, d: _d, ...members } = found
  if (members.alg !== undefined && members.alg !== header.alg) return undefined
  return { use: 'sig', ...members, alg: header.alg }
}

/** The other signature that verifies where this one of ECDSA with P-256 does, both as hexadecimal. */
export function twinOf(signature: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = order - BigInt(`0x${signature.slice(64)}`)
  return signature.slice(0, 64) + s.toString(16).padStart(64, '0')
}
