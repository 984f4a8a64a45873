import type { Entry } from 'yauzl'
import { type Archive, openArchive } from './archive/open-archive.ts'
import { readEntry } from './archive/read-entry.ts'
import type { DraftPlan, RawFile } from './draft-plan.ts'
import { ImportError, type ImportErrorCode } from './error.ts'
import { everyEvalEverMembers } from './every-eval-ever/allow-list.ts'
import { plansOfRecord } from './every-eval-ever/plans-of-record.ts'
import { headerShape, inspectMembers, reductionsShape } from './inspect/allow-list.ts'
import { planOfInspectLog } from './inspect/plan-of-log.ts'
import { memberOf, rootNode } from './json/log-node.ts'
import { readJson } from './json/read-json.ts'
import { Count, type Kept, object } from './json/shape.ts'
import type { ImportFormat, ImportWarning } from './result.ts'
import { openSource, type Source } from './source/open-source.ts'
import { newWarningLog, type WarningLog } from './warnings.ts'

export interface ImportProgress {
  readonly bytesRead: number
  readonly bytes: number
}

/** What a file says, before people's answers: plain data, so that it can be handed from one thread to another. */
export type LogReading = {
  readonly format: ImportFormat
  readonly warnings: readonly ImportWarning[]
} & (
  | { readonly outcome: 'read'; readonly raw: RawFile; readonly plans: readonly DraftPlan[] }
  | { readonly outcome: 'refused'; readonly code: ImportErrorCode; readonly detail: string }
)

/**
 * Reads a log in this thread, by what the file is and not by its name. A file that cannot be taken over exactly is a
 * reading with `outcome: 'refused'`; only a fault of this program throws.
 *
 * @param expected Refuses every other format.
 */
export async function readLog(
  path: string,
  onProgress: (progress: ImportProgress) => void = () => {},
  expected?: ImportFormat,
): Promise<LogReading> {
  const warnings = newWarningLog()
  const seen: Seen = { format: 'unknown' }
  try {
    const source = await openSource(path, (bytesRead, bytes) => onProgress({ bytesRead, bytes }))
    try {
      const { format, plans } = await readSource(source, seen, expected, warnings)
      const raw = { format, sha256: await source.sha256(), bytes: source.bytes }
      await source.requireUnchanged()
      return { outcome: 'read', format, raw, plans, warnings: warnings.list() }
    } finally {
      await source.close()
    }
  } catch (error) {
    if (!(error instanceof ImportError) || error.code === 'IMPORT_FAILED') throw error
    return {
      outcome: 'refused',
      format: seen.format,
      code: error.code,
      detail: error.message,
      warnings: warnings.list(),
    }
  }
}

interface Read {
  readonly format: 'inspect' | 'every-eval-ever'
  readonly plans: readonly DraftPlan[]
}

type Seen = { format: ImportFormat }

async function readSource(
  source: Source,
  seen: Seen,
  expected: ImportFormat | undefined,
  warnings: WarningLog,
): Promise<Read> {
  const kind = kindOf(source.head)
  if (kind === 'archive') {
    requireExpected('inspect', seen, expected)
    return { format: 'inspect', plans: [await readArchive(source, warnings)] }
  }
  const root = await readJson(source.chunks(), eitherShape)
  return readRoot(root, seen, expected, warnings)
}

function requireExpected(format: ImportFormat, seen: Seen, expected: ImportFormat | undefined): void {
  seen.format = format
  if (expected !== undefined && expected !== format) {
    throw new ImportError('FORMAT_UNKNOWN', `is ${format} and not ${expected}`)
  }
}

function kindOf(head: Buffer): 'archive' | 'json' {
  const text = head.toString('latin1')
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return 'archive'
  if (/^version https:\/\/git-lfs\.github\.com\/spec\/|^(\/|\.\.\/)*(\.git\/)?annex\/objects\//.test(text)) {
    throw new ImportError('POINTER_ONLY', 'is a pointer to content that is stored elsewhere')
  }
  if (
    ['\xef\xbb\xbf', '\xff\xfe', '\xfe\xff'].some((mark) => text.startsWith(mark)) ||
    text.slice(0, 2).includes('\0')
  ) {
    throw new ImportError('JSON_ENCODING', 'is not plain UTF-8')
  }
  if (/^\s*\{/.test(text)) return 'json'
  throw new ImportError('FORMAT_UNKNOWN', 'is neither a ZIP archive nor a JSON object')
}

/** The members of both formats: they share no name, so one pass tells which it is and reads it. */
const eitherShape = object({ ...inspectMembers, ...everyEvalEverMembers })

function readRoot(root: Kept | undefined, seen: Seen, expected: ImportFormat | undefined, warnings: WarningLog): Read {
  const has = (name: string) => root instanceof Map && root.has(name)
  const record = has('schema_version') || has('evaluation_results')
  if (record && has('eval')) throw new ImportError('FORMAT_AMBIGUOUS', 'has members of two formats')
  if (record) {
    requireExpected('every-eval-ever', seen, expected)
    if (has('sample_id')) throw new ImportError('INSTANCES_ONLY', 'holds single answers, not an aggregate record')
    return { format: 'every-eval-ever', plans: plansOfRecord(rootNode(root), warnings) }
  }
  if (!has('eval')) throw new ImportError('FORMAT_UNKNOWN', 'is JSON of another kind')
  requireExpected('inspect', seen, expected)
  return { format: 'inspect', plans: [planOfJsonLog(root, warnings)] }
}

function planOfJsonLog(root: Kept | undefined, warnings: WarningLog): DraftPlan {
  const header = rootNode(root)
  const samples = memberOf(header, 'samples').value
  const own = memberOf(header, 'reductions')
  return planOfInspectLog(
    {
      header,
      reductions: own.value === undefined ? memberOf(header, 'results', 'sample_reductions') : own,
      samplesInFile: samples instanceof Count ? samples.items : undefined,
    },
    warnings,
  )
}

async function readArchive(source: Source, warnings: WarningLog): Promise<DraftPlan> {
  const archive = await openArchive(source.fd, source.bytes)
  const folder = folderOf(archive)
  const header = archive.entries.get(`${folder}header.json`)
  if (header === undefined) {
    const started = archive.entries.has(`${folder}_journal/start.json`)
    throw new ImportError(started ? 'RUN_NOT_FINISHED' : 'FORMAT_UNKNOWN', 'is an archive without header.json')
  }
  const reductions = archive.entries.get(`${folder}reductions.json`)
  return planOfInspectLog(
    {
      header: rootNode(await readJson(readEntry(archive, header), headerShape), 'header.json'),
      reductions: rootNode(await readReductions(archive, reductions), 'reductions.json'),
      samplesInFile: countSamples(archive, folder),
    },
    warnings,
  )
}

async function readReductions(archive: Archive, entry: Entry | undefined): Promise<Kept | undefined> {
  return entry === undefined ? undefined : readJson(readEntry(archive, entry), reductionsShape)
}

/** Archives packed again on a desktop have everything in one folder, beside the system's own `__MACOSX`. */
function folderOf(archive: Archive): string {
  if (archive.entries.has('header.json') || archive.entries.has('_journal/start.json')) return ''
  const tops = new Set([...archive.entries.keys()].map((name) => name.slice(0, name.indexOf('/') + 1)))
  tops.delete('__MACOSX/')
  const [top = ''] = tops
  return tops.size === 1 ? top : ''
}

function countSamples(archive: Archive, folder: string): number {
  const prefix = `${folder}samples/`
  return [...archive.entries.keys()].filter((name) => name.startsWith(prefix) && name.endsWith('.json')).length
}
