import { api, type InstituteAnswer } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { recordList } from '../record-list.ts'

export interface SearchOptions {
  readonly type?: string
  readonly iss?: string
  readonly federated?: boolean
  readonly budget?: number
  readonly limit: number
}

/** Hits go to stdout; how far they are the whole answer goes to stderr, and into the exit code. */
export async function searchRecords(
  context: Context,
  words: readonly string[],
  options: SearchOptions,
): Promise<ExitCode> {
  const { terminal, signal } = context
  const { budget, ...given } = options
  const query = { q: words.join(' '), ...given, ...(budget === undefined ? {} : { budgetMs: budget }) }
  const result = await withClient(context, (client) => client.call(api.search, { query, signal }))
  const { hits, complete, institutes } = result
  if (terminal.json) terminal.give(result, () => [])
  else terminal.giveList(hits, recordList('nothing open to you matches; try fewer words, or --federated'))
  if (options.federated && !terminal.json) for (const institute of institutes) terminal.talk(lineOf(institute))
  if (!options.federated || complete) return exitCodes.done
  if (!terminal.json) terminal.talk('not every peer answered: this is not the whole answer')
  return exitCodes.partlyDone
}

function lineOf({ iss, status, matched, tookMs }: InstituteAnswer): string {
  const count = matched === undefined ? '' : `, ${matched} matched`
  return `  ${plainText(iss)}: ${status}${count}${tookMs === undefined ? '' : `, ${tookMs} ms`}`
}
