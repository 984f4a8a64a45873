import { randomUUID } from 'node:crypto'
import type { Client } from '@concordance/client'
import { api, type ClearanceView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { nextOf } from '../describe-draft.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { requireUuid } from '../ids.ts'

export interface AddClearanceOptions {
  readonly developer: string
  readonly agreement: string
  readonly due: string
}

export async function addClearance(context: Context, id: string, options: AddClearanceOptions): Promise<void> {
  requireUuid(id, 'draft')
  const { terminal, signal } = context
  const { developer, agreement, due } = options
  if (!/^\d{4}-\d{2}-\d{2}$/.test(due)) throw usageFailure(`${due} is no day`, 'write it as --due 2027-03-01')
  const body = { developer, agreement, dueOn: due }
  const headers = { 'idempotency-key': randomUUID() }
  const [clearance, { type, content }] = await withClient(context, async (client) => [
    await client.call(api.addClearance, { params: { id }, headers, body, signal }),
    await client.call(api.getDraft, { params: { id }, signal }),
  ])
  terminal.give(clearance, () => [String(clearance.id)])
  if (terminal.json) return
  terminal.talk('publishing waits for the outcome; developer and agreement stay on this node')
  if (type === 'evaluation' && !saysSeen(content)) {
    terminal.talk('once the developer has answered, the record has to say so; before it is reviewed, do')
    terminal.talk(`  \`concordance draft edit ${id} --set /content/conduct/developerSawBefore=true\``)
  }
  terminal.talk(`next: \`concordance clearance decide ${id} ${clearance.id} --outcome cleared\``)
}

function saysSeen({ conduct }: { readonly conduct?: unknown }): boolean {
  return typeof conduct === 'object' && conduct !== null && 'developerSawBefore' in conduct
    ? conduct.developerSawBefore === true
    : false
}

export async function listClearances(context: Context, id: string): Promise<void> {
  requireUuid(id, 'draft')
  const items = await withClient(context, (client) => readClearances(context, client, id))
  context.terminal.giveList(items, {
    columns: ['clearance', 'outcome', 'due', 'developer', 'agreement and note'],
    row: (clearance) => [
      String(clearance.id),
      outcomeOf(clearance),
      clearance.dueOn,
      clearance.developer,
      [clearance.agreement, clearance.note, clearance.overridden?.reason].filter((text) => text).join('; '),
    ],
    empty: `no developer is shown this draft; note one with \`concordance clearance add ${id} --developer NAME --agreement REFERENCE --due DAY\``,
  })
}

function outcomeOf({ outcome, overridden }: ClearanceView): string {
  return overridden ? `${outcome} (overridden)` : outcome
}

const outcomes = ['cleared', 'commented', 'objected', 'no-answer'] as const

export interface DecideOptions {
  readonly outcome: string
  readonly note?: string
}

export async function decideClearance(
  context: Context,
  id: string,
  number: string,
  { outcome: given, note }: DecideOptions,
): Promise<void> {
  const outcome = outcomes.find((each) => each === given)
  if (!outcome) throw usageFailure(`${given} is no outcome`, `use one of ${outcomes.join(', ')}`)
  const body = { outcome, ...(note === undefined ? {} : { note }) }
  await change(context, id, number, (client, params, signal) =>
    client.call(api.decideClearance, { params, body, signal }),
  )
}

/** Lets the draft be published without the answer. */
export async function overrideClearance(
  context: Context,
  id: string,
  number: string,
  { reason }: { readonly reason: string },
): Promise<void> {
  await change(context, id, number, (client, params, signal) =>
    client.call(api.overrideClearance, { params, body: { reason }, signal }),
  )
  if (!context.terminal.json) context.terminal.talk('your reason stands in the audit trail')
}

type ClearanceId = { readonly id: string; readonly clearance: number }

async function change(
  context: Context,
  id: string,
  number: string,
  act: (client: Client, params: ClearanceId, signal: AbortSignal) => Promise<ClearanceView>,
): Promise<void> {
  requireUuid(id, 'draft')
  const { terminal, signal } = context
  const clearance = numberOf(number, id)
  const [changed, all, draft] = await withClient(context, async (client) => {
    const view = await act(client, { id, clearance }, signal).catch((error) => {
      throw explain(error, { id, clearance })
    })
    const draft = await client.call(api.getDraft, { params: { id }, signal })
    return [view, await readClearances(context, client, id), draft] as const
  })
  terminal.give(changed, () => [`${changed.id} ${outcomeOf(changed)}`])
  if (terminal.json) return
  const open = all.filter(({ outcome, overridden }) => outcome === 'open' && !overridden)
  const names = open.map(({ id, developer }) => `${id} (${plainText(developer)})`).join(', ')
  if (open.length > 0) terminal.talk(`publishing still waits for ${names}`)
  else terminal.talk(`no clearance is open; next: ${nextOf(draft)}`)
}

function numberOf(text: string, draft: string): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
  throw usageFailure(`${text} is no clearance`, `\`concordance clearance list ${draft}\` shows their numbers`)
}

/** Silence is no answer before its time, and what was entered stands. */
function explain(error: unknown, { id, clearance }: ClearanceId): unknown {
  const { code, message } = error as Error & { code?: unknown }
  if (code !== 'conflict') return error
  return new Failure(
    {
      what: `could not change the clearance ${clearance}`,
      why: message,
      remedy: `see \`concordance clearance list ${id}\`; while it is open, \`concordance clearance override ${id} ${clearance} --reason TEXT\` goes on without it`,
      code,
      exit: exitCodes.conflict,
    },
    { cause: error },
  )
}

async function readClearances({ signal }: Context, client: Client, id: string): Promise<readonly ClearanceView[]> {
  return (await client.call(api.listClearances, { params: { id }, signal })).items
}
