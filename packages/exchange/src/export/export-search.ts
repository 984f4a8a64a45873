import type { SearchFilters, SearchHit, Tlp } from '@concordance/protocol'
import type { Viewer } from '../access/may-open.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { type LocalQuestion, type LocalResult, searchLocal } from '../search/search-local.ts'
import { csv } from './csv.ts'
import { jsonl } from './jsonl.ts'
import type { RecordWriter } from './record-writer.ts'
import { strictestOf } from './words.ts'

export interface ExportQuestion {
  readonly filters: SearchFilters
  readonly format: 'csv' | 'jsonl'
  /** `relevance` where absent. */
  readonly sort?: 'relevance' | 'newest'
  /** Records in the file; `exportedAtMost` where absent. */
  readonly atMost?: number
}

export interface OpenExport {
  readonly mediaType: string
  readonly fileName: string
  /** The file, a page of records at a time; whatever is not taken is not read. */
  readonly pieces: AsyncIterable<string>
}

/** Records in one file at most: what goes beyond is a reason to narrow the search, or to connect a node. */
export const exportedAtMost = 10_000

const pageLimit = 200

/**
 * Everything that a search finds, as a file. What a person takes along stands in the audit trail before the first byte of
 * it is given: how much it is and by which filters, never what was searched for. Each page is decided afresh, so what is
 * closed while a file is being written is not in the rest of it.
 *
 * @throws {ExchangeError} as `searchLocal`, before the first piece; a failure later breaks the file off before its last line.
 */
export async function exportSearch(deps: Deps, viewer: Viewer, question: ExportQuestion): Promise<OpenExport> {
  const writer = writers[question.format]
  const first = await readPage(deps, viewer, question, undefined)
  if (viewer.kind === 'person') await noteExport(deps, viewer.subject, question, first)
  const { mediaType, fileName } = writer
  return { mediaType, fileName, pieces: write(deps, viewer, question, first) }
}

const writers: Readonly<Record<ExportQuestion['format'], RecordWriter>> = { csv, jsonl }

/** The first page counts by marking too, for the audit trail. */
function readPage(
  deps: Deps,
  viewer: Viewer,
  { filters, sort }: ExportQuestion,
  cursor: string | undefined,
): Promise<LocalResult> {
  const page: LocalQuestion = { filters, limit: pageLimit, facets: cursor === undefined, ...(sort && { sort }) }
  return searchLocal(deps, viewer, cursor === undefined ? page : { ...page, cursor })
}

/** RED is not counted: whoever reads the trail may not know that there is any. */
async function noteExport(
  deps: Deps,
  actor: string,
  { filters, format }: ExportQuestion,
  { facets, matched }: LocalResult,
): Promise<void> {
  const labels = Object.fromEntries((facets.tlp ?? []).map(({ value, count }) => [value, count]))
  const { RED = 0, ...others } = labels
  const detail = { format, filters: Object.keys(filters).sort(), matched: matched - RED, labels: others }
  await audit(deps.db, { at: deps.now(), actor, act: 'search.export', target: deps.identity.iss, detail })
}

async function* write(
  deps: Deps,
  viewer: Viewer,
  question: ExportQuestion,
  first: LocalResult,
): AsyncGenerator<string, void> {
  const { format, filters, atMost = exportedAtMost } = question
  const writer = writers[format]
  const labels = new Set<Tlp>()
  let records = 0
  let page = first
  yield writer.begin()
  for (;;) {
    const hits: readonly SearchHit[] = page.hits.slice(0, atMost - records)
    records += hits.length
    for (const { mark } of hits) labels.add(mark.tlp)
    yield hits.map((hit) => writer.record(hit)).join('')
    const isCut = records >= atMost && (page.next !== undefined || hits.length < page.hits.length)
    if (page.next === undefined || isCut) {
      const { iss } = deps.identity
      const marking = strictestOf(labels)
      yield writer.end({ records, complete: !isCut, marking, filters, iss, at: deps.now() })
      return
    }
    page = await readPage(deps, viewer, question, page.next)
  }
}
