import { open } from 'node:fs/promises'
import { deflateRawSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { Entry } from 'yauzl'
import { openArchive } from '../../src/archive/open-archive.ts'
import { readEntry } from '../../src/archive/read-entry.ts'
import { readInspect } from '../../src/index.ts'
import { limits } from '../../src/limits.ts'
import { inspectLog, writeLog } from '../logs.ts'
import { type ZipEntry, zipFile } from '../zip-file.ts'

const header = JSON.stringify(inspectLog())
const reductions = JSON.stringify([
  { scorer: 'match', samples: Array.from({ length: 40 }, (_, index) => ({ value: index < 24 ? 1 : 0, answer: 'x' })) },
])
const honest: readonly ZipEntry[] = [
  { name: '_journal/start.json', data: '{}' },
  ...Array.from({ length: 40 }, (_, index) => ({ name: `samples/${index}_epoch_1.json`, data: '{}' })),
  { name: 'reductions.json', data: reductions },
]
const headerEntry: ZipEntry = { name: 'header.json', data: header }

/** The code of the refusal, or `draft`. */
async function verdict(t: Test, content: Buffer | readonly ZipEntry[]): Promise<string> {
  const bytes = Buffer.isBuffer(content) ? content : zipFile(content as readonly ZipEntry[])
  const result = await readInspect(writeLog(t, bytes, 'log.eval'))
  return result.code ?? result.outcome
}

/** The honest archive with its header entry written otherwise. */
function withHeader(change: Partial<ZipEntry>): ZipEntry[] {
  return [...honest, { ...headerEntry, ...change }]
}

t.test('an honest archive is read, however its entries are packed', async (t) => {
  for (const method of [0, 8, 93]) {
    const entries = [...honest, headerEntry].map((entry) => ({ ...entry, method }))
    const result = await readInspect(writeLog(t, zipFile(entries), 'log.eval'))
    t.equal(result.outcome, 'draft', `method ${method}`)
    t.same(result.warnings, [])
    t.match(result.drafts[0]?.content.measures, [{ value: 0.6, n: 40, check: 'matches' }])
  }
})

t.test('an entry of several zstd frames is read to its end', async (t) => {
  const parts = [header.slice(0, 100), header.slice(100, 101), header.slice(101)]
  const skippable = Buffer.from('502a4d1803000000616263', 'hex')
  const packed = Buffer.concat([skippable, ...parts.map((part) => zstdCompressSync(Buffer.from(part))), skippable])
  t.equal(await verdict(t, withHeader({ method: 93, packed })), 'draft')
  const first = zstdCompressSync(Buffer.from(parts[0] ?? ''))
  t.equal(await verdict(t, withHeader({ method: 93, packed: first })), 'ARCHIVE_LIES', 'the first frame is not all')
})

t.test('zstd frames that cannot be read safely are refused', async (t) => {
  const frame = (hex: string) => verdict(t, withHeader({ method: 93, packed: Buffer.from(hex, 'hex') }))
  t.equal(await frame('28b52ffd0090000000'), 'ARCHIVE_BOMB', 'a window of 256 MiB')
  t.equal(await frame('28b52ffd00f8000000'), 'ARCHIVE_BOMB', 'a window of 2 TiB')
  t.equal(await frame('28b52ffd015801000000'), 'ARCHIVE_METHOD', 'a dictionary')
  t.equal(await frame('28b52ffd0058070000'), 'ARCHIVE_MALFORMED', 'a reserved block type')
  t.equal(await frame('28b52ffd0058ffffff'), 'ARCHIVE_MALFORMED')
  t.equal(await frame('28b52ffd0858010000'), 'ARCHIVE_MALFORMED', 'a reserved flag')
  t.equal(await frame('28b52ffd'), 'ARCHIVE_MALFORMED')
  t.equal(await frame('00000000'), 'ARCHIVE_MALFORMED')
})

t.test('archives packed again on a desktop are read, with what the desktop adds', async (t) => {
  const folded = [...honest, headerEntry].map((entry) => ({ ...entry, name: `my log/${entry.name}` }))
  t.equal(await verdict(t, [...folded, { name: '__MACOSX/._header.json', data: 'x' }]), 'draft')
  t.equal(await verdict(t, [{ name: 'my log/', data: '', method: 0, mode: 0o040755 }, ...folded]), 'draft')
  t.equal(await verdict(t, [...folded, { name: 'other/header.json', data: header }]), 'FORMAT_UNKNOWN', 'two folders')
})

t.test('names that lead out of the archive are refused', async (t) => {
  for (const name of ['../header.json', '/etc/passwd', 'a/../../b', 'C:/x', 'a\\b', 'a\0b']) {
    t.equal(await verdict(t, [...honest, headerEntry, { name, data: 'x' }]), 'ARCHIVE_PATH', JSON.stringify(name))
  }
})

t.test('links, devices, duplicates and encrypted entries are refused, wherever they stand', async (t) => {
  const extra = (change: Partial<ZipEntry>) => verdict(t, [...honest, headerEntry, { name: 'x', data: 'y', ...change }])
  t.equal(await extra({ mode: 0o120777 }), 'ARCHIVE_LINK')
  t.equal(await extra({ mode: 0o020666 }), 'ARCHIVE_LINK')
  t.equal(await extra({ name: 'header.json' }), 'ARCHIVE_DUPLICATE')
  t.equal(await extra({ flags: 1 }), 'ARCHIVE_ENCRYPTED')
  t.equal(await extra({}), 'draft')
})

t.test('headers and sizes that lie are refused', async (t) => {
  t.equal(await verdict(t, withHeader({ declaredSize: header.length - 1 })), 'ARCHIVE_LIES', 'larger than it says')
  t.equal(await verdict(t, withHeader({ declaredSize: header.length + 1 })), 'ARCHIVE_LIES', 'smaller than it says')
  t.equal(await verdict(t, withHeader({ localName: 'other.json.' })), 'ARCHIVE_LIES', 'two names')
  t.equal(await verdict(t, withHeader({ localSize: 7 })), 'ARCHIVE_LIES', 'two sizes')
  t.equal(await verdict(t, withHeader({ crc: 1 })), 'ARCHIVE_CHECKSUM')
  t.equal(await verdict(t, withHeader({ offset: 3 })), 'ARCHIVE_LIES', 'shared bytes')
  t.equal(await verdict(t, withHeader({ offset: 4_000_000 })), 'ARCHIVE_LIES', 'beyond the file')
  const trailing = Buffer.concat([deflateRawSync(header), Buffer.from('more')])
  t.equal(await verdict(t, withHeader({ packed: trailing })), 'ARCHIVE_LIES', 'bytes after the content')
  t.equal(await verdict(t, withHeader({ method: 99 })), 'ARCHIVE_METHOD')
})

t.test('bombs are refused before they unfold', async (t) => {
  const bomb = Buffer.from(`${header.slice(0, -1)}${' '.repeat(limits.ratioFreeBytes)}}`)
  t.equal(await verdict(t, withHeader({ data: bomb })), 'ARCHIVE_BOMB', 'deflate')
  t.equal(await verdict(t, withHeader({ data: bomb, method: 93 })), 'ARCHIVE_BOMB', 'zstd')
  t.equal(await verdict(t, withHeader({ declaredSize: limits.entryBytes + 1 })), 'ARCHIVE_BOMB', 'declared')
  t.equal(await verdict(t, withHeader({ packed: deflateRawSync(bomb) })), 'ARCHIVE_LIES', 'undeclared')
  t.equal(await verdict(t, withHeader({ packed: zstdCompressSync(bomb), method: 93 })), 'ARCHIVE_LIES', 'undeclared')
  t.equal(
    await verdict(t, withHeader({ data: `${header.slice(0, -1)}${' '.repeat(1_000_000)}}` })),
    'draft',
    'an honest twin',
  )
})

t.test('an entry that is larger than it says is dropped before more of it is unpacked', async (t) => {
  const bomb = Buffer.alloc(50_000_000)
  for (const [method, packed] of [
    [8, deflateRawSync(bomb)],
    [93, zstdCompressSync(bomb)],
  ] as const) {
    const path = writeLog(t, zipFile([{ name: 'header.json', data: 'x'.repeat(1000), method, packed }]), 'log.eval')
    const file = await open(path)
    t.teardown(() => file.close())
    const archive = await openArchive(file.fd, (await file.stat()).size)
    let bytes = 0
    const reading = async () => {
      for await (const chunk of readEntry(archive, archive.entries.get('header.json') as Entry)) bytes += chunk.length
    }
    await t.rejects(reading(), { code: 'ARCHIVE_LIES' })
    t.ok(bytes <= 1000, `${bytes} bytes`)
  }
})

t.test('an archive with more entries than any log is refused', async (t) => {
  const entries = Array.from({ length: 5_000 }, (_, index) => ({ name: `${index}`, data: '', method: 0 }))
  t.equal(await verdict(t, [...entries, headerEntry]), 'draft')
  const many = zipFile([headerEntry])
  // a zip64 end record announces them; nothing has to be there
  const zip64 = Buffer.alloc(76)
  zip64.writeUInt32LE(0x06064b50, 0)
  zip64.writeUInt32LE(44, 4)
  zip64.writeBigUInt64LE(BigInt(limits.archiveEntries + 1), 24)
  zip64.writeBigUInt64LE(BigInt(limits.archiveEntries + 1), 32)
  zip64.writeUInt32LE(0x07064b50, 56)
  zip64.writeBigUInt64LE(BigInt(many.length - 22), 64)
  zip64.writeUInt32LE(1, 72)
  const end = Buffer.alloc(22, 0xff)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(0, 20)
  t.equal(await verdict(t, Buffer.concat([many.subarray(0, -22), zip64, end])), 'ARCHIVE_BOMB')
})

t.test('an archive that stops early, or goes on, is refused', async (t) => {
  const bytes = zipFile([...honest, headerEntry])
  for (const length of [4, 30, 1000, bytes.length - 23, bytes.length - 1]) {
    t.equal(await verdict(t, bytes.subarray(0, length)), 'ARCHIVE_TRUNCATED', `${length} bytes`)
  }
  t.equal(await verdict(t, Buffer.concat([bytes, Buffer.from('more')])), 'ARCHIVE_MALFORMED')
})

t.test('a run that died leaves a journal and is refused as not finished', async (t) => {
  t.equal(await verdict(t, honest), 'RUN_NOT_FINISHED')
  t.equal(await verdict(t, [{ name: 'readme.txt', data: 'x' }]), 'FORMAT_UNKNOWN')
})

t.test('a second header member, or a header that is not JSON, is refused', async (t) => {
  t.equal(await verdict(t, withHeader({ data: header.replace('{', '{"version":3,') })), 'JSON_DUPLICATE')
  t.equal(await verdict(t, withHeader({ data: header.slice(0, -1) })), 'JSON_TRUNCATED')
  t.equal(await verdict(t, withHeader({ data: `${header}]` })), 'JSON_MALFORMED')
})
