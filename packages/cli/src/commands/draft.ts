import { randomUUID } from 'node:crypto'
import type { Client } from '@concordance/client'
import { api, type DraftInput, type DraftView } from '@concordance/protocol'
import { plainLines, plainText } from '@concordance/protocol/plain-text'
import { stringify } from 'yaml'
import { confirm } from '../ask.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { nextOf } from '../describe-draft.ts'
import { editText } from '../edit-text.ts'
import { usageFailure } from '../failure.ts'
import { requireUuid } from '../ids.ts'
import { audienceOf, type MarkOptions, newMarkOf } from '../mark.ts'
import { parseValue, readValue } from '../read-file.ts'
import { readPages } from '../read-pages.ts'
import { setPointer } from '../set-pointer.ts'
import { titleOfDraft } from '../title.ts'

export async function listDrafts(context: Context): Promise<void> {
  const { terminal, signal } = context
  const { items } = await withClient(context, (client) =>
    readPages((query) => client.call(api.listDrafts, { query, signal })),
  )
  terminal.giveList(items, {
    columns: ['draft', 'state', 'changed', 'tlp', 'version', 'type', 'title'],
    row: (draft) => [
      draft.id,
      draft.state,
      draft.updatedAt,
      draft.mark.tlp,
      String(draft.version),
      draft.type,
      titleOfDraft(draft) ?? '',
    ],
    empty: 'no draft is waiting; begin with `concordance import FILE` or `concordance draft new FILE`',
  })
}

export async function showDraft(context: Context, id: string): Promise<void> {
  requireUuid(id, 'draft')
  const { signal } = context
  const draft = await withClient(context, (client) => client.call(api.getDraft, { params: { id }, signal }))
  context.terminal.give(draft, () => [
    context.terminal.bold(plainText(titleOfDraft(draft) ?? draft.type)),
    `  draft    ${draft.id}, by ${plainText(draft.author)}`,
    `  finding  ${draft.finding}, version ${draft.version}`,
    `  marking  TLP:${draft.mark.tlp}; would be readable by ${plainText(audienceOf(draft.mark))}`,
    '',
    ...plainLines(stringify(draft.content, { lineWidth: 100 }))
      .trimEnd()
      .split('\n'),
    '',
    ...Object.entries(draft.origins).map(([field, origin]) => `${plainText(field)} is from ${plainText(origin)}`),
  ])
}

export async function newDraft(context: Context, file: string): Promise<void> {
  const body = draftInputOf(await readValue(file), file)
  const headers = { 'idempotency-key': randomUUID() }
  const { signal } = context
  const draft = await withClient(context, (client) => client.call(api.createDraft, { headers, body, signal }))
  giveDraft(context, draft)
}

export interface EditOptions extends Partial<MarkOptions> {
  readonly set: readonly string[]
  readonly file?: string
}

/** The draft is changed only if nobody changed it meanwhile. */
export async function editDraft(context: Context, id: string, options: EditOptions): Promise<void> {
  const { signal } = context
  const { tlp, group, embargoUntil, set, file } = options
  if (tlp === undefined && (group ?? embargoUntil) !== undefined)
    throw usageFailure('a marking begins with its label', 'pass --tlp as well')
  const mark = tlp === undefined ? undefined : newMarkOf({ ...options, tlp })
  await withClient(context, async (client) => {
    requireUuid(id, 'draft')
    const draft = await client.call(api.getDraft, { params: { id }, signal })
    const save = async (body: DraftInput) => giveDraft(context, await replaceDraft(client, draft, body, signal))
    const present = inputOf(draft)
    if (file === undefined && set.length === 0 && mark === undefined) return editByHand(context, present, save)
    const replaced = file === undefined ? present : await readEdited(present, file)
    await save(draftInputOf(set.reduce(setField, mark === undefined ? replaced : { ...replaced, mark }), '--set'))
  })
}

async function readEdited(present: DraftInput, file: string): Promise<DraftInput> {
  return draftInputOf({ ...present, ...asObject(await readValue(file), file) }, file)
}

/** Type and origins are not for the editor: the one never changes, the other is kept as it is. */
async function editByHand(
  context: Context,
  draft: DraftInput,
  save: (body: DraftInput) => Promise<void>,
): Promise<void> {
  const { type, origins, ...editable } = draft
  const before = stringify(editable, { lineWidth: 100 })
  await editText(context, before, async (after) => {
    if (after === before) return context.terminal.talk('nothing was changed')
    const kept = { type, ...(origins ? { origins } : {}) }
    await save(draftInputOf({ ...kept, ...asObject(parseValue(after, 'the draft'), 'the draft') }, 'the draft'))
  })
}

function setField<T>(value: T, assignment: string): T {
  const [, pointer, text] = /^(\/[^=]*)=([\s\S]*)$/.exec(assignment) ?? []
  if (pointer === undefined || text === undefined) {
    throw usageFailure(`${assignment} sets nothing`, 'write --set /content/phase=post-market')
  }
  return setPointer(value, pointer, parseValue(text, `the value of ${pointer}`)) as T
}

function inputOf({ type, lang, mark, content, rel, origins }: DraftView): DraftInput {
  return { type, lang, mark, content, rel: [...rel], origins }
}

/** The node checks the whole of it; here only what would be a misunderstanding. */
function draftInputOf(value: unknown, where: string): DraftInput {
  const input = asObject(value, where)
  for (const member of ['type', 'lang', 'mark', 'content']) {
    if (input[member] === undefined)
      throw usageFailure(`${where} lacks ${member}`, 'a draft has type, lang, mark and content')
  }
  return input as unknown as DraftInput
}

function asObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw usageFailure(`${where} does not hold an object`, 'a draft has type, lang, mark and content')
}

function replaceDraft(
  client: Client,
  { id, etag }: DraftView,
  body: DraftInput,
  signal: AbortSignal,
): Promise<DraftView> {
  return client.call(api.replaceDraft, { params: { id }, headers: { 'if-match': `"${etag}"` }, body, signal })
}

function giveDraft({ terminal }: Context, draft: DraftView): void {
  terminal.give(draft, () => [draft.id])
  if (!terminal.json) terminal.talk(`saved; next: ${nextOf(draft)}`)
}

export async function deleteDraft(context: Context, id: string, options: { readonly yes?: boolean }): Promise<void> {
  requireUuid(id, 'draft')
  const { terminal, signal } = context
  await withClient(context, async (client) => {
    const { etag } = await client.call(api.getDraft, { params: { id }, signal })
    await confirm(context, id, options)
    await client.call(api.deleteDraft, { params: { id }, headers: { 'if-match': `"${etag}"` }, signal })
  })
  terminal.give({ deleted: id }, () => [`deleted ${id}`])
}
