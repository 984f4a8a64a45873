import { ProtocolError } from './error.ts'

/**
 * Refuses public keys under which signatures prove nothing, or that have a second spelling (RFC 8032 §5.1.3). The
 * runtime accepts both: under a point of low order one signature fits many messages.
 *
 * @param bytes Encoded point, 32 bytes.
 * @throws {ProtocolError} `KEY_REFUSED`.
 */
export function refuseUnsafePoint(bytes: Uint8Array): void {
  const y = littleEndian(bytes) & ((1n << 255n) - 1n) // the top bit is the sign of x
  if (y >= fieldPrime) throw new ProtocolError('KEY_REFUSED', 'the Ed25519 point is not canonically encoded')
  if (lowOrder.has(y)) throw new ProtocolError('KEY_REFUSED', 'the Ed25519 point has low order')
}

const fieldPrime = (1n << 255n) - 19n

/** The y coordinates of all eight points whose order divides 8: orders 1, 2, 4, and twice 8, each with both signs of x. */
const lowOrder: ReadonlySet<bigint> = new Set([
  1n,
  fieldPrime - 1n,
  0n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
])

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}
