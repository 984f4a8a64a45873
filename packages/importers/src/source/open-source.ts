import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { ImportError } from '../error.ts'
import { limits } from '../limits.ts'

/** A file on this machine, open for reading and watched for changes. */
export interface Source {
  readonly fd: number
  readonly bytes: number
  /** The first bytes, at most 1,024. */
  readonly head: Buffer
  /** All bytes once, in order. A chunk is only valid until the next one is asked for. */
  chunks(): AsyncGenerator<Uint8Array>
  /** SHA-256 in hexadecimal of what `chunks` gave, once it has given all. */
  sha256(): Promise<string>
  /** @throws {ImportError} `FILE_CHANGED` where the file was written to since it was opened. */
  requireUnchanged(): Promise<void>
  close(): Promise<void>
}

/**
 * @param onProgress Told how many bytes were read so far, of how many.
 * @throws {ImportError} `FILE_UNREADABLE`, `FILE_NOT_REGULAR` or `FILE_EMPTY`.
 */
export async function openSource(
  path: string,
  onProgress: (bytesRead: number, bytes: number) => void = () => {},
): Promise<Source> {
  const handle = await openForReading(path)
  try {
    return await sourceOf(handle, onProgress)
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Not blocking: opening a pipe would otherwise wait for a writer. */
async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason'
    throw new ImportError('FILE_UNREADABLE', `cannot be opened: ${reason}`, { cause })
  }
}

async function sourceOf(handle: FileHandle, onProgress: (bytesRead: number, bytes: number) => void): Promise<Source> {
  const stat = await handle.stat({ bigint: true })
  if (!stat.isFile()) throw new ImportError('FILE_NOT_REGULAR', 'is not a regular file')
  if (stat.size === 0n) throw new ImportError('FILE_EMPTY', 'has no bytes')
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0)
  let digest: string | undefined

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256')
    const chunk = Buffer.allocUnsafe(limits.chunkBytes)
    let position = 0
    for (;;) {
      const { bytesRead: length } = await handle.read(chunk, 0, chunk.length, position)
      if (length === 0) break
      const part = chunk.subarray(0, length)
      hash.update(part)
      position += length
      onProgress(position, Number(stat.size))
      yield part
    }
    digest = hash.digest('hex')
  }

  async function sha256(): Promise<string> {
    if (digest === undefined) for await (const _ of chunks());
    return digest ?? ''
  }

  async function requireUnchanged(): Promise<void> {
    const now = await handle.stat({ bigint: true })
    if (now.size !== stat.size || now.mtimeNs !== stat.mtimeNs || now.ctimeNs !== stat.ctimeNs) {
      throw new ImportError('FILE_CHANGED', 'was written to while it was read')
    }
  }

  return {
    fd: handle.fd,
    bytes: Number(stat.size),
    head: buffer.subarray(0, bytesRead),
    chunks,
    sha256,
    requireUnchanged,
    close: () => handle.close(),
  }
}
