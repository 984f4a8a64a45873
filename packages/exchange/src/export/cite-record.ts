import { parseStatementUnsafe, type RecordDetail, type RecordView } from '@concordance/protocol'
import type { Viewer } from '../access/may-open.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { getRecord, listRecords } from '../records.ts'
import { cite } from './citation.ts'
import { type CitationStyle, formatCitation } from './format-citation.ts'
import { formatJsonLd } from './json-ld.ts'
import type { TextFile } from './text-file.ts'

/**
 * A citation of this very version, in one style, as a file.
 *
 * @throws {ExchangeError} `not-found` when there is no such record, or the viewer may not know of it.
 */
export async function citeRecord(
  deps: Deps,
  viewer: Viewer,
  recordId: string,
  style: CitationStyle,
): Promise<TextFile> {
  const record = await getRecord(deps, viewer, recordId)
  const newest = record.status === 'superseded' ? await findNewest(deps, viewer, record) : undefined
  return formatCitation(style, cite({ record, newest, base: deps.identity.base, at: deps.now() }))
}

/** A version of a finding that the viewer may know of, with its marking. */
async function findNewest(deps: Deps, viewer: Viewer, record: RecordView): Promise<RecordView | undefined> {
  const { iss, finding } = record
  const { items } = await listRecords(deps, viewer, { filters: { iss, finding }, limit: 200 })
  const [newest] = items.toSorted((a, b) => b.version - a.version)
  return newest
}

const mediaType = 'application/ld+json'

/**
 * The description of a record that everybody may read, as everybody sees it.
 *
 * @throws {ExchangeError} `not-found` when there is no such record, or the viewer may not know of it; `not-acceptable`
 * where it is not open to the public; `gone` where it was taken back.
 */
export async function describeAsJsonLd(deps: Deps, viewer: Viewer, recordId: string): Promise<TextFile> {
  await getRecord(deps, viewer, recordId)
  const record = await getPublicly(deps, recordId)
  const { statement: compact, body, status } = record
  if (status === 'withdrawn') throw new ExchangeError('gone', 'the record was taken back')
  if (body === null) throw new ExchangeError('not-acceptable', 'the record has no body')
  const { statement } = parseStatementUnsafe(compact)
  const { base, iss } = deps.identity
  const text = formatJsonLd({ record, statement, body, base, describedBy: iss })
  return { text, mediaType, fileName: 'record.jsonld' }
}

async function getPublicly(deps: Deps, recordId: string): Promise<RecordDetail> {
  try {
    return await getRecord(deps, { kind: 'public' }, recordId)
  } catch (error) {
    if (!(error instanceof ExchangeError) || error.code !== 'not-found') throw error
    throw new ExchangeError(
      'not-acceptable',
      'only what is TLP:CLEAR and open to everybody is described for catalogues',
    )
  }
}
