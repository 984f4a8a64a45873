import { type Client, streamSearch } from '@concordance/client'
import type { InstituteAnswer, SearchFilters, SearchHit, SearchResult } from '@concordance/protocol'
import { plainJson, plainText } from '@concordance/protocol/plain-text'
import type { Context } from '../context.ts'
import { answerLine, nameOf } from '../search-hits.ts'
import { giveText } from './export.ts'

export interface LiveSearch {
  readonly filters: SearchFilters
  readonly limit: number
  readonly sort?: 'relevance' | 'newest'
  readonly label?: 'CLEAR' | 'GREEN' | 'AMBER' | 'AMBER+STRICT' | 'RED'
  readonly budgetMs?: number
}

/**
 * Asks every institute, and says on stderr what became of it at each, as it becomes known: a line when it answers, and
 * whom the search still waits for where a person watches.
 */
export async function searchEverywhere(
  { terminal, signal }: Context,
  client: Client,
  { filters, ...asked }: LiveSearch,
): Promise<SearchResult> {
  const say = terminal.json ? () => {} : (line: string) => terminal.talk(line)
  const hits = new Map<string, SearchHit>()
  const waiting = new Set<string>()
  let local: Omit<SearchResult, 'complete' | 'institutes'> = { hits: [], matched: 0, facets: {}, freshness: [] }
  const note = (answer: InstituteAnswer) => {
    waiting.delete(answer.iss)
    say(answerLine(answer))
  }
  const query = { ...filters, ...asked, facets: false }
  const { order, institutes, complete, queryId } = await streamSearch(client, {
    query,
    signal,
    onEvent: ({ event, data }) => {
      if (event === 'local') {
        local = data
        for (const iss of data.asked) waiting.add(iss)
        say(`  here: ${data.matched} matched; asking ${data.asked.length} institutes`)
      }
      if (event === 'institute') note(data.institute)
      if (event === 'local' || event === 'institute')
        for (const hit of data.hits) if (!hits.has(hit.recordId)) hits.set(hit.recordId, hit)
      const names = [...waiting].map(nameOf)
      terminal.status(names.length > 0 && event !== 'summary' ? plainText(`  waiting for ${names.join(', ')}`) : '')
    },
  })
  const fused = order.flatMap((recordId) => hits.get(recordId) ?? []).slice(0, asked.limit)
  const { next: _, ...rest } = local
  return { ...rest, hits: fused, institutes, complete, queryId }
}

/** One hit a line, then one that says what became of the search at each institute, and the strictest marking of all. */
export async function giveFound(
  context: Context,
  { hits, complete, institutes }: SearchResult,
  output: string | undefined,
): Promise<void> {
  const strictest = strictness.findLast((tlp) => hits.some(({ mark }) => mark.tlp === tlp))
  const marking = strictest === undefined ? {} : { marking: `TLP:${strictest}` }
  const end = { end: { records: hits.length, complete, ...marking, institutes } }
  const lines = [...hits, end].map((line) => plainJson(line))
  if (output === undefined) context.terminal.give(lines, () => lines)
  else await giveText(context, `${lines.join('\n')}\n`, output)
}

const strictness = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'] as const
