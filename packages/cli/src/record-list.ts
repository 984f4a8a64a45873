import type { RecordView } from '@concordance/protocol'
import type { List } from './terminal.ts'
import { pickText } from './title.ts'

/** Records as a table: the text that institutes wrote stands last. */
export function recordList(empty: string): List<RecordView> {
  return {
    columns: ['record', 'signed', 'tlp', 'status', 'institute', 'type', 'title'],
    row: ({ recordId, iat, mark, status, iss, type, title, lang }) => [
      recordId,
      new Date(iat * 1000).toISOString().slice(0, 10),
      mark.tlp,
      status,
      iss.replace('https://', ''),
      type,
      pickText(title, lang) ?? '',
    ],
    empty,
  }
}
