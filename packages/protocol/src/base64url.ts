import { Buffer } from 'node:buffer'
import { ProtocolError } from './error.ts'

/** Base64url without padding (RFC 4648 §5, RFC 7515 §2). */
export function encodeBase64url(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64url')
}

/**
 * Strict: accepts exactly the texts that `encodeBase64url` gives, so every byte string has one spelling.
 *
 * @throws {ProtocolError} `BASE64URL_MALFORMED` for a foreign alphabet, padding, white space or set unused bits.
 */
export function decodeBase64url(text: string): Uint8Array {
  // Node's decoder skips what it does not know; only encoding again shows that nothing was skipped.
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) throw new ProtocolError('BASE64URL_MALFORMED', 'not strict base64url')
  return bytes
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
