import { ClientError } from './error.ts'

/**
 * Reads a whole body of at most `maxBytes`.
 *
 * @throws {ClientError} `ANSWER_TOO_LARGE` as soon as it is longer.
 */
export async function readBytes(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > maxBytes) throw new ClientError('ANSWER_TOO_LARGE', `the answer is longer than ${maxBytes} bytes`)
    parts.push(chunk)
  }
  return parts.length === 1 ? Buffer.from(parts[0] as Uint8Array) : Buffer.concat(parts, size)
}

/** Decodes UTF-8 strictly: no replacement characters, no byte order mark. @throws {ClientError} `ANSWER_MALFORMED` */
export function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new ClientError('ANSWER_MALFORMED', 'the answer is not UTF-8', { cause: error })
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
