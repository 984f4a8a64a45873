import { randomUUID } from 'node:crypto'
import { api, type DraftOrReceipt, type Marking } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { confirm } from '../ask.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { requireRecordId } from '../ids.ts'
import { localize } from '../localize.ts'
import { audienceOf, markOf } from '../mark.ts'

export interface MarkOptions {
  readonly tlp: string
  readonly group?: string
  readonly embargoUntil?: string
  readonly reason: readonly string[]
  readonly yes?: boolean
}

/** What only narrows is published at once where the token may publish; the rest becomes a draft. */
export async function markRecord(context: Context, id: string, options: MarkOptions): Promise<void> {
  requireRecordId(id)
  const { terminal, signal } = context
  const mark = newMarkOf(options)
  if (!terminal.json) terminal.talk(`marks it TLP:${mark.tlp}: readable by ${plainText(audienceOf(mark))}`)
  await confirm(context, id, options)
  const body = { mark, ...(options.reason.length === 0 ? {} : { reason: localize(options.reason) }) }
  const headers = { 'idempotency-key': randomUUID() }
  const made = await withClient(context, (client) =>
    client.call(api.markRecord, { params: { id }, headers, body, signal }),
  )
  giveMade(context, made)
}

function newMarkOf({ tlp, group, embargoUntil }: MarkOptions): Marking {
  const mark = markOf(tlp, group)
  if (embargoUntil === undefined) return mark
  const until = Date.parse(embargoUntil)
  if (Number.isNaN(until)) throw usageFailure(`${embargoUntil} is no time`, 'write it as 2027-03-01T00:00:00Z')
  return { ...mark, embargoUntil: Math.floor(until / 1_000) }
}

/** Says which of the two it became, and what is next. */
export function giveMade({ terminal }: Context, made: DraftOrReceipt): void {
  const { draft, receipt } = made
  terminal.give(made, () => [receipt?.recordId ?? draft?.id ?? ''])
  if (terminal.json) return
  if (receipt) terminal.talk(`published at position ${receipt.position}: it only narrows`)
  else terminal.talk(`a draft, for a second person to approve; next: \`concordance draft submit ${draft?.id}\``)
}
