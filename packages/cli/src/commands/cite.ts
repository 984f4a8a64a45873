import type { Client } from '@concordance/client'
import { api, type RecordView } from '@concordance/protocol'
import { plainLines } from '@concordance/protocol/plain-text'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { failureOf } from '../failure-of.ts'
import { requireRecordId } from '../ids.ts'
import { oneOf } from '../one-of.ts'

export const citationStyles = ['plain', 'bibtex', 'ris', 'csl-json'] as const
export type CitationStyle = (typeof citationStyles)[number]

export interface CiteOptions {
  readonly style: string
}

/** @throws {Failure} as a wrong command line. */
export function styleOf(text: string): CitationStyle {
  return oneOf('style', citationStyles, text).style ?? 'plain'
}

/** Citations of exact versions, each with its marking and how to verify it. */
export async function citeRecords(context: Context, ids: readonly string[], { style }: CiteOptions): Promise<void> {
  for (const id of ids) requireRecordId(id)
  const known = styleOf(style)
  const citations = await withClient(context, async (client) => {
    const texts: string[] = []
    for (const id of ids) texts.push(await readCitation(context, client, id, known))
    return texts
  })
  giveCitations(context, ids, citations, known)
}

/** A hit that came live and is not copied here cannot be cited from here. @returns `partlyDone` where there is one. */
export async function citeHits(
  context: Context,
  client: Client,
  hits: readonly RecordView[],
  style: CitationStyle,
): Promise<ExitCode> {
  const cited: string[] = []
  const texts: string[] = []
  for (const { recordId } of hits) {
    const text = await readCitation(context, client, recordId, style).catch((error) => {
      if (failureOf(error, 'cite').code !== 'not-found') throw error
      context.terminal.talk(`${recordId} is not copied here: cite it at the node of its institute`)
    })
    if (text === undefined) continue
    cited.push(recordId)
    texts.push(text)
  }
  if (hits.length === 0) context.terminal.talk('nothing open to you matches, so there is nothing to cite')
  else giveCitations(context, cited, texts, style)
  return texts.length < hits.length ? exitCodes.partlyDone : exitCodes.done
}

function readCitation({ signal }: Context, client: Client, id: string, style: CitationStyle): Promise<string> {
  return client.call(api.getCitation, { params: { id }, query: { style }, signal })
}

function giveCitations(
  { terminal }: Context,
  ids: readonly string[],
  texts: readonly string[],
  style: CitationStyle,
): void {
  if (terminal.json) {
    for (const [at, text] of texts.entries()) terminal.give({ record: ids[at], style, text }, () => [])
    return
  }
  const lines =
    style === 'csl-json' ? [joinLists(texts)] : texts.flatMap((text) => plainLines(text.trimEnd()).split('\n'))
  terminal.give(texts, () => lines)
}

/** Each is a list of one item: together they are one list, as citation processors read it. */
function joinLists(texts: readonly string[]): string {
  return `[${texts.map((text) => text.trim().slice(1, -1)).join(',\n')}]`
}
