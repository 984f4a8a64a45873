import { randomUUID } from 'node:crypto'
import type { Client } from '@concordance/client'
import { type Audience, api, type DraftOrReceipt } from '@concordance/protocol'
import { confirm } from '../ask.ts'
import { namesOf, type Preview, previewLines, previewMarking } from '../audience.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { requireRecordId } from '../ids.ts'
import { localize } from '../localize.ts'
import { type MarkOptions, newMarkOf } from '../mark.ts'

export interface MarkRecordOptions extends MarkOptions {
  readonly reason: readonly string[]
  readonly yes?: boolean
}

/** What only narrows is published at once where the token may publish; the rest becomes a draft. */
export async function markRecord(context: Context, id: string, options: MarkRecordOptions): Promise<void> {
  requireRecordId(id)
  const { terminal, signal } = context
  const mark = newMarkOf(options)
  const body = { mark, ...(options.reason.length === 0 ? {} : { reason: localize(options.reason) }) }
  const made = await withClient(context, async (client) => {
    if (!terminal.json) {
      const preview = await previewMarking(client, { mark, record: id }, signal)
      terminal.talk(`marks it TLP:${mark.tlp}`)
      for (const line of previewLines(preview)) terminal.talk(`  ${line}`)
      for (const line of await linesOfChange(context, client, id, preview)) terminal.talk(`  ${line}`)
    }
    await confirm(context, id, options)
    const headers = { 'idempotency-key': randomUUID() }
    return client.call(api.markRecord, { params: { id }, headers, body, signal })
  })
  giveMade(context, made)
}

/** For whom it becomes another, where the token may know how it is now. */
async function linesOfChange(
  { signal }: Context,
  client: Client,
  id: string,
  { audience: after }: Preview,
): Promise<string[]> {
  const before = await client.call(api.explainAccess, { params: { id }, signal }).catch((error) => {
    if ((error as { code?: unknown }).code !== 'forbidden') throw error
    return undefined
  })
  if (!before) return []
  const opened = openedBeyond(before, after)
  const closed = openedBeyond(after, before)
  return [
    ...(opened.length === 0 ? [] : [`opens it to ${namesOf(opened)}`]),
    ...(closed.length === 0
      ? []
      : [`closes it to ${namesOf(closed)}: whoever has it is asked to hide it, and still has it`]),
    ...(opened.length + closed.length === 0 ? ['changes for no peer, nor for the public'] : []),
  ]
}

/** Who may open it by the second audience and not by the first. */
function openedBeyond(first: Audience, second: Audience): string[] {
  const had = new Set(first.peers.filter(({ opens }) => opens).map(({ iss }) => iss))
  const peers = second.peers.filter(({ iss, opens }) => opens && !had.has(iss)).map(({ iss }) => iss)
  return second.public.opens && !first.public.opens ? ['the public', ...peers] : peers
}

/** Says which of the two it became, and what is next. */
export function giveMade({ terminal }: Context, made: DraftOrReceipt): void {
  const { draft, receipt } = made
  terminal.give(made, () => [receipt?.recordId ?? draft?.id ?? ''])
  if (terminal.json) return
  if (receipt) terminal.talk(`published at position ${receipt.position}: it only narrows`)
  else terminal.talk(`a draft, for a second person to approve; next: \`concordance draft submit ${draft?.id}\``)
}
