import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'

export interface EntryRow {
  readonly log: number
  readonly position: number
  readonly leafHash: Uint8Array
  readonly recordId?: Uint8Array | undefined
  /** Compact JWS, or the bytes of it. */
  readonly statement?: string | Uint8Array | undefined
  /** Canonical text of the body, or the bytes of it. */
  readonly body?: string | Uint8Array | undefined
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const trailer = Buffer.from([0xff, 0xff])
const columns = 6
const chunkBytes = 256 * 1024

/**
 * Writes rows of `entry` by binary COPY, the fastest way in: no escaping, one parse a column.
 * Requires a client of its own for the duration, usually inside the caller's transaction. A row that is refused
 * (position taken, record id taken) fails the whole copy and with it the transaction.
 */
export async function copyEntries(client: pg.ClientBase, rows: Iterable<EntryRow>): Promise<void> {
  const stream = client.query(
    copyFrom('copy entry (log, position, leaf_hash, record_id, statement, body) from stdin (format binary)'),
  )
  const done = finished(stream)
  done.catch(() => {}) // awaited below; a refusal must not count as unhandled while rows are still being written
  const writer = new ChunkWriter(async (chunk) => {
    if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), done])
  })
  await writer.bytes(signature)
  for (const row of rows) await writer.row(row)
  await writer.bytes(trailer)
  await writer.flush()
  stream.end()
  await done
}

/** Collects small fields into large chunks, which the stream then takes whole. */
class ChunkWriter {
  private readonly send: (chunk: Buffer) => Promise<void>
  private chunk = Buffer.allocUnsafe(chunkBytes)
  private used = 0

  constructor(send: (chunk: Buffer) => Promise<void>) {
    this.send = send
  }

  async row({ log, position, leafHash, recordId, statement, body }: EntryRow): Promise<void> {
    const bytes = sizeOf(statement) + sizeOf(body)
    await this.reserve(2 + (4 + 2) + (4 + 8) + (4 + 32) + (4 + 32) + 8 + bytes)
    this.used = this.chunk.writeInt16BE(columns, this.used)
    this.used = this.chunk.writeInt32BE(2, this.used)
    this.used = this.chunk.writeInt16BE(log, this.used)
    this.used = this.chunk.writeInt32BE(8, this.used)
    this.used = this.chunk.writeBigInt64BE(BigInt(position), this.used)
    for (const field of [leafHash, recordId, statement, body]) this.field(field)
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    await this.reserve(bytes.length)
    this.chunk.set(bytes, this.used)
    this.used += bytes.length
  }

  async flush(): Promise<void> {
    if (this.used > 0) await this.send(this.chunk.subarray(0, this.used))
    this.chunk = Buffer.allocUnsafe(chunkBytes)
    this.used = 0
  }

  private field(value: string | Uint8Array | undefined): void {
    this.used = this.chunk.writeInt32BE(value === undefined ? -1 : sizeOf(value), this.used)
    if (typeof value === 'string') this.used += this.chunk.write(value, this.used)
    else if (value) {
      this.chunk.set(value, this.used)
      this.used += value.length
    }
  }

  private async reserve(bytes: number): Promise<void> {
    if (this.used + bytes <= this.chunk.length) return
    await this.flush()
    if (bytes > this.chunk.length) this.chunk = Buffer.allocUnsafe(bytes)
  }
}

function sizeOf(value: string | Uint8Array | undefined): number {
  if (value === undefined) return 0
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length
}
