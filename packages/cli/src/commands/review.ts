import { randomUUID } from 'node:crypto'
import type { Client } from '@concordance/client'
import { api, type Change, type CommentView, type DraftView, type ReviewView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { confirm } from '../ask.ts'
import { previewDraft, previewLines } from '../audience.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { describeDraft, nextOf } from '../describe-draft.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { requireUuid } from '../ids.ts'

export interface SubmitOptions {
  readonly note?: string
  readonly yes?: boolean
}

/** Shows first to whom it would go: that is what a second person is asked to approve. */
export async function submitDraft(context: Context, id: string, options: SubmitOptions): Promise<void> {
  const body = options.note === undefined ? {} : { note: options.note }
  await move(context, id, async (client, draft) => {
    if (!context.terminal.json) await describeDraft(context, client, draft)
    await confirm(context, id, options)
    return client.call(api.submitDraft, { ...asRead(context, draft), body })
  })
  if (!context.terminal.json) {
    context.terminal.talk(
      `in review; somebody with the scope review who wrote no part of it looks at \`concordance draft reviews ${id}\`, then:`,
    )
    context.terminal.talk(`  \`concordance draft approve ${id} --hazard none --because TEXT\`, or`)
    context.terminal.talk(`  \`concordance draft send-back ${id} --reason TEXT\``)
  }
}

export async function recallDraft(context: Context, id: string): Promise<void> {
  await move(context, id, (client, draft) => client.call(api.recallDraft, asRead(context, draft)))
}

export async function sendBackDraft(context: Context, id: string, { reason }: { readonly reason: string }) {
  await move(context, id, (client, draft) =>
    client.call(api.sendBackDraft, { ...asRead(context, draft), body: { reason } }),
  )
  if (!context.terminal.json) {
    context.terminal.talk(`those who wrote it see why in \`concordance draft reviews ${id}\`, and go on with`)
    context.terminal.talk(`  \`concordance draft edit ${id}\`, then \`concordance draft submit ${id}\``)
  }
}

const answers = ['none', 'mitigated', 'hazard'] as const

export interface ApproveOptions {
  readonly hazard: string
  readonly because: string
  readonly note?: string
}

export async function approveDraft(context: Context, id: string, options: ApproveOptions): Promise<void> {
  const answer = answers.find((each) => each === options.hazard)
  if (!answer) throw usageFailure(`${options.hazard} is no answer`, `use one of ${answers.join(', ')}`)
  const hazard = { answer, text: options.because }
  const body = { hazard, ...(options.note === undefined ? {} : { note: options.note }) }
  await move(context, id, (client, draft) => client.call(api.approveDraft, { ...asRead(context, draft), body }))
  if (!context.terminal.json) context.terminal.talk(`approved as it stands; next: \`concordance publish ${id}\``)
}

export interface CommentOptions {
  readonly at: string
  readonly resolve?: string
}

/** Says something, or settles what was said. */
export async function commentOnDraft(
  context: Context,
  id: string,
  text: string | undefined,
  options: CommentOptions,
): Promise<void> {
  requireUuid(id, 'draft')
  const { terminal } = context
  const comment = await withClient(context, async (client) => {
    if (options.resolve !== undefined) return resolveComment(context, client, id, options.resolve)
    if (text === undefined) throw usageFailure('there is nothing to say', 'write the comment, or pass --resolve NUMBER')
    const draft = await client.call(api.getDraft, { params: { id }, signal: context.signal })
    return client.call(api.addComment, { ...asRead(context, draft), body: { pointer: options.at, text } })
  })
  terminal.give(comment, () => [lineOfComment(comment)])
}

function resolveComment({ signal }: Context, client: Client, id: string, text: string): Promise<CommentView> {
  const comment = Number(text)
  if (!Number.isSafeInteger(comment)) throw usageFailure(`${text} is no comment`, 'see `concordance draft reviews`')
  return client.call(api.resolveComment, { params: { id, comment }, body: { resolved: true }, signal })
}

/** Everything a reviewer, or an author, has to know before the next step. */
export async function showReviews(context: Context, id: string): Promise<void> {
  requireUuid(id, 'draft')
  const asked = { params: { id }, signal: context.signal }
  const [seen, preview] = await withClient(context, async (client) => {
    const preview = await previewDraft(client, await client.call(api.getDraft, asked), context.signal)
    return [{ ...(await readReviews(client, asked)), audience: preview.audience }, preview] as const
  })
  context.terminal.give(seen, () => [
    context.terminal.bold(standingOf(seen)),
    `  TLP:${preview.mark.tlp}`,
    ...previewLines(preview).map((line) => `  ${line}`),
    ...seen.acts.map(lineOfAct),
    ...seen.clearances.map(
      ({ id, developer, dueOn, outcome, overridden }) =>
        `  clearance ${id} of ${plainText(developer)} until ${dueOn}: ${outcome}${overridden ? ' (overridden)' : ''}`,
    ),
    ...seen.comments.map((comment) => `  ${lineOfComment(comment)}`),
    '',
    'new against what is published:',
    ...seen.changes.published.map(lineOfChange),
    ...(seen.changes.reviewed
      ? ['', 'new since it was last reviewed:', ...seen.changes.reviewed.map(lineOfChange)]
      : []),
  ])
}

async function readReviews(client: Client, asked: { params: { id: string }; signal: AbortSignal }) {
  return {
    ...(await client.call(api.getReview, asked)),
    changes: await client.call(api.getChanges, asked),
    comments: (await client.call(api.listComments, asked)).items,
    clearances: (await client.call(api.listClearances, asked)).items,
  }
}

function standingOf({ state, needsSecondPerson, isApproved }: ReviewView): string {
  if (!needsSecondPerson) return `${state}; nobody else has to approve it`
  return isApproved ? `${state}; it can be published` : `${state}; somebody who wrote no part of it has to approve it`
}

function lineOfAct({ at, actor, act, note, hazard }: ReviewView['acts'][number]): string {
  const said = [hazard && `${hazard.answer}: ${hazard.text}`, note].filter((part) => part !== undefined)
  return `  ${at}  ${plainText(actor)}: ${act}${said.length > 0 ? ` (${plainText(said.join('; '))})` : ''}`
}

function lineOfComment({ id, pointer, text, author, resolved }: CommentView): string {
  return `${id} ${resolved ? 'settled' : 'open'}  ${plainText(pointer || '/')}  ${plainText(author)}: ${plainText(text)}`
}

function lineOfChange({ pointer, before, after }: Change): string {
  const side = (value: unknown) => (value === undefined ? '(none)' : plainText(JSON.stringify(value)))
  return `  ${plainText(pointer || '/')}: ${side(before)} → ${side(after)}`
}

/** Each act on its own, on the state of the draft that is there now. */
async function move(
  context: Context,
  id: string,
  act: (client: Client, draft: DraftView) => Promise<DraftView>,
): Promise<void> {
  requireUuid(id, 'draft')
  const { terminal, signal } = context
  const draft = await withClient(context, async (client) => {
    const read = await client.call(api.getDraft, { params: { id }, signal })
    return act(client, read).catch((error) => Promise.reject(explain(error, read)))
  })
  terminal.give(draft, () => [`${draft.id} ${draft.state}`])
}

/** Not every state allows every act; which comes next, the state says. */
function explain(error: unknown, draft: DraftView): unknown {
  const { code, message } = error as Error & { code?: unknown }
  if (code !== 'conflict') return error
  const what = `could not go on with the draft ${draft.id}`
  return new Failure(
    { what, why: message, remedy: `next: ${nextOf(draft)}`, code, exit: exitCodes.conflict },
    { cause: error },
  )
}

function asRead({ signal }: Context, { id, etag }: DraftView) {
  return { params: { id }, headers: { 'idempotency-key': randomUUID(), 'if-match': `"${etag}"` }, signal }
}
