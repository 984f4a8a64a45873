import type { Deps } from '../deps.ts'

/** A new UUID version 7 (RFC 9562 §5.7), lower case: 48 bits of time in milliseconds, the rest random. */
export function uuidv7({ now, random }: Pick<Deps, 'now' | 'random'>): string {
  const bytes = Buffer.from(random(16))
  bytes.writeUIntBE(now().getTime(), 0, 6)
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6)
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
