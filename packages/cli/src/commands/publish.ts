import { randomUUID } from 'node:crypto'
import type { Client } from '@concordance/client'
import { api, type DraftView, type Receipt } from '@concordance/protocol'
import { confirm } from '../ask.ts'
import { sayWhatRests } from '../citations.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { describeDraft, nextOf } from '../describe-draft.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { failureOf } from '../failure-of.ts'
import { requireUuid } from '../ids.ts'
import { localize } from '../localize.ts'

interface Confirmation {
  readonly yes?: boolean
}

/** Each draft on its own, in the order given. Publishing a published draft again gives its receipt. */
export async function publishDrafts(
  context: Context,
  ids: readonly string[],
  options: Confirmation,
): Promise<ExitCode> {
  for (const id of ids) requireUuid(id, 'draft')
  let failed = 0
  let exit: ExitCode = exitCodes.done
  await withClient(context, async (client) => {
    for (const id of ids) {
      try {
        showReceipt(context, await publishDraft(context, client, id, options))
      } catch (error) {
        const failure = failureOf(error, `publish the draft ${id}`)
        if (ids.length === 1 || context.signal.aborted) throw failure
        context.terminal.fail(failure)
        failed += 1
        exit = failure.exit
      }
    }
  })
  return failed === 0 || failed === ids.length ? exit : exitCodes.partlyDone
}

async function publishDraft(context: Context, client: Client, id: string, options: Confirmation): Promise<Receipt> {
  const { signal } = context
  const draft = await client.call(api.getDraft, { params: { id }, signal })
  if (!context.terminal.json) {
    await describeDraft(context, client, draft)
    context.terminal.talk('  what is published is never changed; it can be revised or withdrawn')
  }
  await confirm(context, id, options)
  // The same draft in the same state is the same act, however often this command is run.
  const headers = { 'idempotency-key': `publish-${id}-${draft.etag}`, 'if-match': `"${draft.etag}"` }
  return client.call(api.publishDraft, { params: { id }, headers, signal }).catch((error) => {
    throw explain(error, draft)
  })
}

/** What has to happen before a draft can be published, and who does it. */
function explain(error: unknown, { id, state }: DraftView): unknown {
  const { code } = error as { code?: unknown }
  if (code === 'clearance-open') {
    return new Failure({
      what: `could not publish the draft ${id}`,
      why: 'a developer who is shown it has not answered yet',
      remedy: `\`concordance clearance list ${id}\` says who; then \`concordance clearance decide\` or \`override\``,
      code,
      exit: exitCodes.refused,
    })
  }
  if (code !== 'review-required') return error
  const next = {
    draft: `put it before them with \`concordance draft submit ${id}\``,
    'sent-back': `\`concordance draft reviews ${id}\` says why it came back; then \`concordance draft submit ${id}\``,
    'in-review': `wait for somebody with the scope review: \`concordance draft approve ${id} --hazard none --because TEXT\``,
    approved: `it is approved by somebody who wrote a part of it: see \`concordance draft reviews ${id}\``,
  }
  return new Failure({
    what: `could not publish the draft ${id}`,
    why: 'others may see it, so somebody who wrote no part of it has to approve it first',
    remedy: next[state],
    code: 'review-required',
    exit: exitCodes.refused,
  })
}

function showReceipt({ terminal }: Context, receipt: Receipt): void {
  const { recordId, position, finding, version, sealed, sealsAt } = receipt
  terminal.give(receipt, () => [recordId])
  if (terminal.json) return
  terminal.talk(`published at position ${position}${sealed ? ` of a log of ${sealed.size}` : ''}`)
  if (sealsAt !== undefined)
    terminal.talk(
      `  acknowledged; others see it from ${new Date(sealsAt * 1_000).toISOString()} on, when the log is sealed`,
    )
  terminal.talk(`  finding ${finding}, version ${version}; see \`concordance show ${recordId}\``)
}

export async function reviseFinding(context: Context, finding: string): Promise<void> {
  const { terminal, signal } = context
  requireUuid(finding, 'finding')
  const headers = { 'idempotency-key': randomUUID() }
  const draft = await withClient(context, (client) =>
    client.call(api.reviseFinding, { params: { finding }, headers, signal }),
  )
  const { id, version } = draft
  terminal.give(draft, () => [id])
  if (!terminal.json)
    terminal.talk(`draft of version ${version}; next: \`concordance draft edit ${id}\`, then ${nextOf(draft)}`)
}

const reasons = ['error', 'invalid-samples', 'breach', 'information-hazard', 'legal', 'superseded'] as const

export interface WithdrawOptions extends Confirmation {
  readonly reason: string
  readonly note: readonly string[]
  readonly replacement?: string
}

export async function withdrawFinding(context: Context, finding: string, options: WithdrawOptions): Promise<void> {
  const { terminal, signal } = context
  requireUuid(finding, 'finding')
  const reason = reasons.find((each) => each === options.reason)
  if (!reason) throw usageFailure(`${options.reason} is no reason`, `use one of ${reasons.join(', ')}`)
  const body = {
    reason,
    ...(options.note.length === 0 ? {} : { note: localize(options.note) }),
    ...(options.replacement === undefined ? {} : { replacement: parseReplacement(options.replacement) }),
  }
  if (!terminal.json) {
    terminal.talk(
      `withdraws ${finding}: whoever holds its newest version hides the body; that it was there stays known`,
    )
    await sayWhatRests(context, finding)
  }
  await confirm(context, finding, options)
  const headers = { 'idempotency-key': randomUUID() }
  const receipt = await withClient(context, (client) =>
    client.call(api.withdrawFinding, { params: { finding }, headers, body, signal }),
  )
  showReceipt(context, receipt)
}

function parseReplacement(text: string): { iss: string; record: string } {
  const [iss, record, rest] = text.split(/\s+/)
  if (iss && record && rest === undefined) return { iss, record }
  throw usageFailure(`${text} names no record`, 'pass --replacement "ENTITY-ID RECORD-ID"')
}
