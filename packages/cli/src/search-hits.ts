import type { InstituteAnswer, RecordView, SearchHit } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { recordList } from './record-list.ts'
import type { List, Terminal } from './terminal.ts'
import { pickText } from './title.ts'

/** Hits for people as blocks, the marking first; for programs as rows, the place that matched last. */
export function giveHits(terminal: Terminal, hits: readonly SearchHit[], empty: string): void {
  if (terminal.isInteractive && !terminal.json && hits.length > 0) {
    for (const hit of hits) terminal.give(hit, () => blockOf(terminal, hit))
    return
  }
  terminal.giveList(hits, hitList(empty))
}

function hitList(empty: string): List<SearchHit> {
  const { columns, row } = recordList(empty)
  return { columns: [...columns, 'found'], row: (hit) => [...row(hit), hit.snippet?.text ?? ''], empty }
}

function blockOf(terminal: Terminal, hit: SearchHit): string[] {
  const { recordId, iss, type, iat, mark, status, title, lang } = hit
  const day = new Date(iat * 1_000).toISOString().slice(0, 10)
  const facts = [`TLP:${mark.tlp}`, day, nameOf(iss), type, ...(status === 'current' ? [] : [status])]
  return [
    terminal.bold(plainText(pickText(title, lang) ?? type)),
    `  ${plainText(facts.join('  '))}`,
    ...(hit.citesWithdrawn ? ['  it names a record that is withdrawn'] : []),
    ...(hit.snippet ? [`  … ${snippetOf(terminal, hit.snippet)} …`] : []),
    `  ${plainText(recordId)}`,
    '',
  ]
}

/** What matched stands in bold. Each piece is made plain by itself, so that no mark hides what would act. */
function snippetOf(terminal: Terminal, { text, marks }: NonNullable<SearchHit['snippet']>): string {
  let shown = ''
  let at = 0
  for (const { from, to } of marks) {
    if (from < at || to <= from || to > text.length) continue
    shown += plainText(text.slice(at, from)) + terminal.bold(plainText(text.slice(from, to)))
    at = to
  }
  return shown + plainText(text.slice(at))
}

/** What became of a search at one institute, on one line. */
export function answerLine({ iss, status, reason, matched, below, tookMs }: InstituteAnswer): string {
  const parts = [
    reason === undefined ? status : `${status} (${reason})`,
    ...(matched === undefined
      ? []
      : [below === undefined ? `${matched} matched` : `${matched} to ${below - 1} matched`]),
    ...(tookMs === undefined ? [] : [`${tookMs} ms`]),
  ]
  return plainText(`  ${nameOf(iss)}: ${parts.join(', ')}`)
}

export function nameOf(iss: RecordView['iss']): string {
  return iss.replace('https://', '')
}
