import { crc32, deflateRawSync, zstdCompressSync } from 'node:zlib'

/** One entry of an archive under test; what is left out is what an honest program would write. */
export interface ZipEntry {
  readonly name: string
  readonly data: Buffer | string
  /** 0 stored, 8 deflate, 93 zstd. */
  readonly method?: number
  /** Bytes as they stand in the archive, where they are not `data` packed by `method`. */
  readonly packed?: Buffer
  readonly localName?: string
  readonly localSize?: number
  readonly declaredSize?: number
  readonly crc?: number
  readonly flags?: number
  /** Unix mode in the upper half, as archives carry it. */
  readonly mode?: number
  /** Position of the local header the directory points to. */
  readonly offset?: number
}

/** Writes a ZIP archive, honest or not. */
export function zipFile(entries: readonly ZipEntry[], options: { entryCount?: number } = {}): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const file = localFile(entry)
    directory.push(directoryRecord(entry, file.packed.length, entry.offset ?? offset))
    files.push(file.bytes)
    offset += file.bytes.length
  }
  const listing = Buffer.concat(directory)
  return Buffer.concat([...files, listing, endRecord(options.entryCount ?? entries.length, listing.length, offset)])
}

function localFile(entry: ZipEntry): { bytes: Buffer; packed: Buffer } {
  const data = Buffer.from(entry.data)
  const packed = entry.packed ?? pack(data, entry.method ?? 8)
  const name = Buffer.from(entry.localName ?? entry.name)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(20, 4)
  header.writeUInt16LE((entry.flags ?? 0) | 0x800, 6)
  header.writeUInt16LE(entry.method ?? 8, 8)
  header.writeUInt32LE(entry.crc ?? crc32(data), 14)
  header.writeUInt32LE(packed.length, 18)
  header.writeUInt32LE(entry.localSize ?? entry.declaredSize ?? data.length, 22)
  header.writeUInt16LE(name.length, 26)
  return { bytes: Buffer.concat([header, name, packed]), packed }
}

function directoryRecord(entry: ZipEntry, packedBytes: number, offset: number): Buffer {
  const data = Buffer.from(entry.data)
  const name = Buffer.from(entry.name)
  const record = Buffer.alloc(46)
  record.writeUInt32LE(0x02014b50, 0)
  record.writeUInt16LE(0x0314, 4)
  record.writeUInt16LE(20, 6)
  record.writeUInt16LE((entry.flags ?? 0) | 0x800, 8)
  record.writeUInt16LE(entry.method ?? 8, 10)
  record.writeUInt32LE(entry.crc ?? crc32(data), 16)
  record.writeUInt32LE(packedBytes, 20)
  record.writeUInt32LE(entry.declaredSize ?? data.length, 24)
  record.writeUInt16LE(name.length, 28)
  record.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38)
  record.writeUInt32LE(offset, 42)
  return Buffer.concat([record, name])
}

export function endRecord(entries: number, bytes: number, offset: number): Buffer {
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries, 8)
  end.writeUInt16LE(entries, 10)
  end.writeUInt32LE(bytes, 12)
  end.writeUInt32LE(offset, 16)
  return end
}

function pack(data: Buffer, method: number): Buffer {
  if (method === 8) return deflateRawSync(data)
  return method === 93 ? zstdCompressSync(data) : data
}
