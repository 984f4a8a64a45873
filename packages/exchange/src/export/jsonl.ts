import { plainJson } from '@concordance/protocol/plain-text'
import type { RecordWriter } from './record-writer.ts'
import { labelOf } from './words.ts'

/**
 * One record a line as the search gives it, with marking, institute and `verified`. The last line holds `end` alone; a file
 * without it broke off. What could act on a terminal is escaped, which leaves every value the same.
 */
export const jsonl: RecordWriter = {
  mediaType: 'application/x-ndjson',
  fileName: 'concordance-search.jsonl',
  begin: () => '',
  record: (hit) => `${plainJson(hit)}\n`,
  end: ({ at, marking, ...end }) =>
    `${plainJson({ end: { ...end, ...(marking && { marking: labelOf({ tlp: marking }) }), at: at.toISOString() } })}\n`,
}
