import { pipeline, Readable } from 'node:stream'
import { constants, createZstdDecompress } from 'node:zlib'
import { ImportError } from '../error.ts'
import { limits } from '../limits.ts'

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const maxBlockBytes = 128 * 1024

/**
 * Decodes a sequence of Zstandard frames (RFC 8878). The decoder of `node:zlib` stops after the first frame without a
 * word, so the frames are told apart here, by their headers, and given to it one by one. A frame that asks for more than
 * `limits.zstdWindowLog` of memory or for a dictionary is refused before anything is allocated.
 *
 * @throws {ImportError} `ARCHIVE_MALFORMED`, `ARCHIVE_BOMB` or `ARCHIVE_METHOD`.
 */
export async function* decodeZstd(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = new ByteReader(packed)
  for (let frames = 0; ; frames++) {
    const magic = await bytes.takeOrEnd(4)
    if (magic === undefined) return
    if (frames === limits.zstdFrames) throw new ImportError('ARCHIVE_BOMB', 'an entry has too many frames')
    const word = magic.readUInt32LE(0)
    if ((word & 0xfffffff0) >>> 0 === skippableMagic) {
      await bytes.skip((await bytes.take(4)).readUInt32LE(0))
    } else if (word === frameMagic) {
      yield* decodeFrame(bytes, magic)
    } else {
      throw new ImportError('ARCHIVE_MALFORMED', 'an entry is not a sequence of zstd frames')
    }
  }
}

async function* decodeFrame(bytes: ByteReader, magic: Buffer): AsyncGenerator<Uint8Array> {
  const decoder = createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: limits.zstdWindowLog } })
  // errors of either stream reach the reader of the decoder
  yield* pipeline(Readable.from(frameBytes(bytes, magic), { objectMode: false }), decoder, () => {})
}

/** The bytes of exactly one frame: header, blocks up to the last one, checksum (RFC 8878 §3.1.1). */
async function* frameBytes(bytes: ByteReader, magic: Buffer): AsyncGenerator<Uint8Array> {
  const descriptor = await bytes.take(1)
  const flags = descriptor[0] ?? 0
  const header = await bytes.take(headerBytes(flags))
  requireModestWindow(flags, header)
  yield Buffer.concat([magic, descriptor, header])
  for (let last = false; !last; ) {
    const block = await bytes.take(3)
    const word = block.readUIntLE(0, 3)
    last = (word & 1) === 1
    const type = (word >> 1) & 3
    const size = word >> 3
    if (type === 3 || size > maxBlockBytes)
      throw new ImportError('ARCHIVE_MALFORMED', 'an entry has a malformed zstd block')
    yield block
    yield await bytes.take(type === 1 ? 1 : size)
  }
  if ((flags & 0x04) !== 0) yield await bytes.take(4)
}

const contentSizeBytes = [0, 2, 4, 8] as const

/** Window descriptor, dictionary id and content size that follow the frame header descriptor. */
function headerBytes(flags: number): number {
  if ((flags & 0x03) !== 0) throw new ImportError('ARCHIVE_METHOD', 'an entry needs a zstd dictionary')
  if ((flags & 0x08) !== 0) throw new ImportError('ARCHIVE_MALFORMED', 'an entry has a malformed zstd frame')
  const single = (flags & 0x20) !== 0
  const sizeBytes = contentSizeBytes[(flags >> 6) as 0 | 1 | 2 | 3]
  return (single ? 0 : 1) + (sizeBytes === 0 && single ? 1 : sizeBytes)
}

function requireModestWindow(flags: number, header: Buffer): void {
  if ((flags & 0x20) !== 0) return // one segment: what it yields is bounded by the entry's size
  const window = header[0] ?? 0
  const base = 2 ** (10 + (window >> 3))
  if (base + (base / 8) * (window & 7) > 2 ** limits.zstdWindowLog) {
    throw new ImportError('ARCHIVE_BOMB', 'an entry asks for too much memory')
  }
}

/** Takes a stream of chunks in pieces of wanted length. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest = Buffer.alloc(0)

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async takeOrEnd(length: number): Promise<Buffer | undefined> {
    while (this.#rest.length < length) {
      const next = await this.#chunks.next()
      if (next.done === true) {
        if (this.#rest.length === 0) return undefined
        throw new ImportError('ARCHIVE_MALFORMED', 'an entry ends within a zstd frame')
      }
      this.#rest = this.#rest.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#rest, next.value])
    }
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }

  async take(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0)
    const taken = await this.takeOrEnd(length)
    if (taken === undefined) throw new ImportError('ARCHIVE_MALFORMED', 'an entry ends within a zstd frame')
    return taken
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const part = await this.take(Math.min(left, maxBlockBytes))
      left -= part.length
    }
  }
}
