import { pipeline, type Readable } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import type { Entry } from 'yauzl'
import { ImportError } from '../error.ts'
import { limits } from '../limits.ts'
import type { Archive } from './open-archive.ts'
import { decodeZstd } from './zstd-frames.ts'

/**
 * Unfolds one entry as it is read. Nothing it yields is confirmed before the end: the checksum comes last, so what was
 * made of the bytes must be dropped when this throws.
 *
 * @throws {ImportError} `ARCHIVE_METHOD`, `ARCHIVE_LIES`, `ARCHIVE_BOMB`, `ARCHIVE_CHECKSUM`, `ARCHIVE_MALFORMED`.
 */
export async function* readEntry(archive: Archive, entry: Entry): AsyncGenerator<Uint8Array> {
  requireHonestSize(entry)
  await requireSameLocalHeader(archive, entry)
  let checksum = 0
  let bytes = 0
  try {
    const packed = await archive.zip.openReadStreamPromise(entry, { decodeFileData: false })
    for await (const chunk of unpack(packed, entry)) {
      bytes += chunk.length
      if (bytes > entry.uncompressedSize) throw new ImportError('ARCHIVE_LIES', 'an entry is larger than it says')
      checksum = crc32(chunk, checksum)
      yield chunk
    }
  } catch (cause) {
    if (cause instanceof ImportError) throw cause
    throw new ImportError('ARCHIVE_MALFORMED', 'an entry cannot be unpacked', { cause })
  }
  if (bytes !== entry.uncompressedSize) throw new ImportError('ARCHIVE_LIES', 'an entry is smaller than it says')
  if (checksum !== entry.crc32) throw new ImportError('ARCHIVE_CHECKSUM', 'an entry does not match its checksum')
}

function requireHonestSize(entry: Entry): void {
  const { compressedSize, uncompressedSize } = entry
  const unfolds = uncompressedSize > limits.ratioFreeBytes && uncompressedSize > compressedSize * limits.entryRatio
  if (uncompressedSize > limits.entryBytes || unfolds) {
    throw new ImportError('ARCHIVE_BOMB', `an entry unfolds from ${compressedSize} to ${uncompressedSize} bytes`)
  }
}

const dataDescriptor = 0x8
const elsewhere = 0xffffffff

/** Programs that trust local headers must see the same archive as this one, which trusts the directory. */
async function requireSameLocalHeader(archive: Archive, entry: Entry): Promise<void> {
  const local = await archive.zip.readLocalFileHeaderPromise(entry).catch((cause: unknown) => {
    throw new ImportError('ARCHIVE_MALFORMED', 'an entry has no local header', { cause })
  })
  const later = (local.generalPurposeBitFlag & dataDescriptor) !== 0
  const agrees = (here: number, there: number) => here === there || here === elsewhere || (later && here === 0)
  const same =
    local.fileName.equals(entry.fileNameRaw) &&
    local.compressionMethod === entry.compressionMethod &&
    agrees(local.compressedSize, entry.compressedSize) &&
    agrees(local.uncompressedSize, entry.uncompressedSize) &&
    agrees(local.crc32, entry.crc32)
  if (!same) throw new ImportError('ARCHIVE_LIES', 'the two headers of an entry differ')
}

function unpack(packed: Readable, entry: Entry): AsyncIterable<Uint8Array> {
  switch (entry.compressionMethod) {
    case 0:
      return packed
    case 8:
      return inflate(packed, entry.compressedSize)
    case 93:
      return decodeZstd(packed)
    default:
      throw new ImportError('ARCHIVE_METHOD', `an entry is packed by method ${entry.compressionMethod}`)
  }
}

async function* inflate(packed: Readable, packedBytes: number): AsyncGenerator<Uint8Array> {
  const decoder = createInflateRaw()
  // errors of either stream reach the reader of the decoder
  yield* pipeline(packed, decoder, () => {})
  if (decoder.bytesWritten !== packedBytes)
    throw new ImportError('ARCHIVE_LIES', 'an entry holds more than its content')
}
