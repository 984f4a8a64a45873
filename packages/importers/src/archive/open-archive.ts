import { type Entry, fromFdPromise, getFileNameLowLevel, validateFileName, type ZipFile } from 'yauzl'
import { ImportError } from '../error.ts'
import { limits } from '../limits.ts'

/** A ZIP archive whose directory has been read and held to be honest; contents are read one entry at a time. */
export interface Archive {
  readonly zip: ZipFile
  /** Files by name; folders are left out. */
  readonly entries: ReadonlyMap<string, Entry>
}

/**
 * Reads the central directory of a ZIP archive and refuses what no program that writes logs produces.
 *
 * @param fd Stays open and is the caller's to close.
 * @throws {ImportError} the `ARCHIVE_…` codes.
 */
export async function openArchive(fd: number, bytes: number): Promise<Archive> {
  const zip = await openZip(fd)
  if (zip.entryCount > limits.archiveEntries) throw new ImportError('ARCHIVE_BOMB', `holds ${zip.entryCount} entries`)
  const entries = await readDirectory(zip)
  requireDisjoint([...entries.values()], bytes)
  return { zip, entries }
}

async function openZip(fd: number): Promise<ZipFile> {
  try {
    return await fromFdPromise(fd, { autoClose: false, decodeStrings: false, validateEntrySizes: true })
  } catch (cause) {
    const truncated = cause instanceof Error && cause.message.startsWith('End of central directory record signature')
    throw new ImportError(truncated ? 'ARCHIVE_TRUNCATED' : 'ARCHIVE_MALFORMED', 'has no valid directory', { cause })
  }
}

async function readDirectory(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  const names = new Set<string>()
  try {
    for await (const entry of zip.eachEntry()) {
      const name = nameOf(entry)
      if (names.has(name)) throw new ImportError('ARCHIVE_DUPLICATE', 'two entries have one name')
      names.add(name)
      requireOrdinary(entry)
      if (!name.endsWith('/')) entries.set(name, entry)
    }
  } catch (cause) {
    if (cause instanceof ImportError) throw cause
    throw new ImportError('ARCHIVE_MALFORMED', 'has a malformed directory', { cause })
  }
  return entries
}

function nameOf(entry: Entry): string {
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true)
  if (name === '' || name.includes('\0') || /[\\]|^[A-Za-z]:/.test(name) || validateFileName(name) !== null) {
    throw new ImportError('ARCHIVE_PATH', 'an entry name leads out of the archive')
  }
  return name
}

const fileType = 0o170000
const regularFile = 0o100000
const folder = 0o040000

function requireOrdinary(entry: Entry): void {
  const type = (entry.externalFileAttributes >>> 16) & fileType
  if (type !== 0 && type !== regularFile && type !== folder) {
    throw new ImportError('ARCHIVE_LINK', 'an entry is a link or a device')
  }
  if (entry.isEncrypted()) throw new ImportError('ARCHIVE_ENCRYPTED', 'an entry is encrypted')
}

const localHeaderBytes = 30

/** Entries that share bytes are how a small archive unfolds into a huge one; a log's entries follow one another. */
function requireDisjoint(entries: Entry[], bytes: number): void {
  entries.sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)
  let free = 0
  for (const entry of entries) {
    const start = entry.relativeOffsetOfLocalHeader
    if (start < free) throw new ImportError('ARCHIVE_LIES', 'two entries share bytes')
    free = start + localHeaderBytes + entry.fileNameLength + entry.compressedSize
  }
  if (free > bytes) throw new ImportError('ARCHIVE_LIES', 'an entry reaches beyond the file')
}
