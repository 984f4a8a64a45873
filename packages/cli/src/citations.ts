import type { Client } from '@concordance/client'
import { api, limits, parseCompactUnsafe, type RecordPage, type VersionView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { withClient } from './connection.ts'
import type { Context } from './context.ts'
import { failureOf } from './failure-of.ts'
import { pickText } from './title.ts'

const shownAtMost = 20

/** The newest records that cite one. */
export function readCitations(client: Client, id: string, signal: AbortSignal): Promise<RecordPage> {
  return client.call(api.listCitations, { params: { id }, query: { limit: shownAtMost }, signal })
}

/** How many records cite this, and which. */
export function citationLines({ items, next }: RecordPage): string[] {
  const count = next === undefined ? String(items.length) : `more than ${items.length}`
  const verb = items.length === 1 && next === undefined ? 'record cites' : 'records cite'
  if (items.length === 0) return ['no record that is open to you cites this']
  return [
    `${count} ${verb} this:`,
    ...items.map(({ recordId, iss, type, title, lang }) =>
      plainText(`  ${recordId}  ${iss}: ${pickText(title, lang) ?? type}`),
    ),
  ]
}

/** Says what rests on a finding of this node, and what stays of it, before it is taken back. */
export async function sayWhatRests(context: Context, finding: string): Promise<void> {
  const { terminal, signal } = context
  const lines = await withClient(context, async (client) => {
    const iss = await readIssuer(client, signal)
    const { versions } = await client.call(api.getFinding, { params: { iss, finding }, signal })
    const [newest, ...earlier] = versions
    const citing = newest ? citationLines(await readCitations(client, newest.recordId, signal)) : []
    return [...citing, ...linesOfEarlier(earlier)]
  }).catch((error) => {
    const failure = failureOf(error, 'read what cites the finding')
    // Without the right to read it, or without the finding, taking it back says so itself, or needs nothing of it.
    if (failure.code !== 'forbidden' && failure.code !== 'not-found') throw failure
    return ['what cites this is not open to you']
  })
  for (const line of lines) terminal.talk(line)
}

/** A withdrawal is of the newest version. */
function linesOfEarlier(earlier: readonly VersionView[]): string[] {
  const still = earlier.filter(({ status }) => status !== 'withdrawn')
  if (still.length === 0) return []
  return [
    'earlier versions stay readable; where they should not, narrow each:',
    ...still.map(({ recordId, version }) => `  version ${version}: \`concordance mark ${recordId} --tlp RED\``),
  ]
}

/** The node is believed about itself, as about everything else that it is asked here. */
async function readIssuer(client: Client, signal: AbortSignal): Promise<string> {
  const compact = await client.call(api.getNodeDocument, { signal })
  return String(parseCompactUnsafe(compact, 'concordance-node+jwt', limits.nodeDocumentBytes).payload.iss)
}
