/** Base64 with padding (RFC 4648 §4), as the C2SP formats write it. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** Strict inverse of `encodeBase64`: one spelling for every value; undefined for any other text. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
