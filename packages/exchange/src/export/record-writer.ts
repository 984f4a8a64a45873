import type { RecordView, SearchFilters, SearchHit, Tlp } from '@concordance/protocol'

/** Writes a list of records piece by piece. Every piece is one line or several whole ones. */
export interface RecordWriter {
  readonly mediaType: string
  /** Fixed: nothing of a record or a search is in it. */
  readonly fileName: string
  begin(): string
  record(hit: SearchHit | RecordView): string
  end(end: End): string
}

/** What is known once everything is written. */
export interface End {
  readonly records: number
  /** False where more records match than a file may hold. */
  readonly complete: boolean
  /** The strictest of all that were written; undefined where there is none. */
  readonly marking: Tlp | undefined
  readonly filters: SearchFilters
  /** Entity id of the institute whose node wrote it. */
  readonly iss: string
  readonly at: Date
}

/** In words. What is closed to whoever asked is not spoken of: it may as well not be there. */
export function formatEnd({ records, complete, iss, at }: End): string {
  const place = `at the node of ${iss}, ${at.toISOString()}`
  if (records === 0) return `nothing open to you matches ${place}`
  return complete
    ? `all ${records} records that match and are open to you ${place}`
    : `cut after ${records} records: more match ${place}; narrow the search to have them all`
}
