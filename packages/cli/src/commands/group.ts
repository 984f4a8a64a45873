import { randomUUID } from 'node:crypto'
import type { Client } from '@concordance/client'
import { api, type GroupInput, type GroupView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { requireUuid } from '../ids.ts'
import { localize } from '../localize.ts'
import { parseSeconds } from '../parse-time.ts'
import { pickText } from '../title.ts'
import { giveMade } from './mark.ts'

export async function listGroups(context: Context): Promise<void> {
  const { terminal, signal } = context
  const { items } = await withClient(context, (client) => client.call(api.listGroups, { signal }))
  terminal.giveList(items, {
    columns: ['group', 'of', 'until', 'members', 'name'],
    row: (group) => [group.finding, group.iss, endOf(group), String(group.members.length), pickText(group.name) ?? ''],
    empty: 'no group is known here; begin one with `concordance group new NAME --member ENTITY-ID`',
  })
}

export async function showGroup(context: Context, finding: string): Promise<void> {
  const { terminal } = context
  const group = await withClient(context, (client) => getGroup(context, client, finding))
  terminal.give(group, () => [
    terminal.bold(plainText(pickText(group.name) ?? group.finding)),
    `  group    ${group.finding} of ${plainText(group.iss)}, version ${group.version}, until ${endOf(group)}`,
    ...group.members.map(({ iss, role, historyFrom }) => {
      const since = historyFrom === undefined ? '' : `, from ${new Date(historyFrom * 1_000).toISOString()} on`
      return `  ${role.padEnd(7)}  ${plainText(iss)}${since}`
    }),
  ])
}

export interface NewGroupOptions {
  readonly member: readonly string[]
  readonly purpose: readonly string[]
}

export async function newGroup(context: Context, name: string, options: NewGroupOptions): Promise<void> {
  const { terminal, signal } = context
  const purpose = options.purpose.length === 0 ? {} : { purpose: localize(options.purpose) }
  const body: GroupInput = { name: localize([name]), ...purpose, members: options.member.map((iss) => ({ iss })) }
  const headers = { 'idempotency-key': randomUUID() }
  const draft = await withClient(context, (client) => client.call(api.createGroup, { headers, body, signal }))
  terminal.give(draft, () => [draft.id])
  if (!terminal.json) terminal.talk(`group ${draft.finding}; next: \`concordance draft submit ${draft.id}\``)
}

export interface AddOptions {
  readonly historyFrom?: string
}

/** Needs a second person. */
export async function addMembers(context: Context, finding: string, members: readonly string[], options: AddOptions) {
  const added = members.map((iss) => ({ iss, ...historyOf(options) }))
  await replaceMembers(context, finding, (now) => [...now.filter(({ iss }) => !members.includes(iss)), ...added])
  if (context.terminal.json || options.historyFrom !== undefined) return
  context.terminal.talk('once published, they get all that is marked for the group so far;')
  context.terminal.talk('  with --history-from TIME nothing that is older')
}

export async function removeMembers(context: Context, finding: string, members: readonly string[]): Promise<void> {
  await replaceMembers(context, finding, (now) => {
    const unknown = members.find((member) => !now.some(({ iss }) => iss === member))
    if (unknown !== undefined)
      throw usageFailure(`${unknown} is no member`, `see \`concordance group show ${finding}\``)
    return now.filter(({ iss }) => !members.includes(iss))
  })
}

async function replaceMembers(
  context: Context,
  finding: string,
  change: (now: GroupInput['members']) => GroupInput['members'],
): Promise<void> {
  const made = await withClient(context, async (client) => {
    const { name, purpose, members } = await getGroup(context, client, finding)
    const now = members.map(({ iss, historyFrom }) => ({ iss, ...(historyFrom !== undefined && { historyFrom }) }))
    const body = { name, ...(purpose && { purpose }), members: change(now) }
    const headers = { 'idempotency-key': randomUUID() }
    return client.call(api.replaceGroup, { params: { finding }, headers, body, signal: context.signal })
  })
  giveMade(context, made)
}

function getGroup({ signal }: Context, client: Client, finding: string): Promise<GroupView> {
  requireUuid(finding, 'finding')
  return client.call(api.getGroup, { params: { finding }, signal })
}

function historyOf({ historyFrom }: AddOptions): { historyFrom?: number } {
  return historyFrom === undefined ? {} : { historyFrom: parseSeconds(historyFrom) }
}

function endOf({ validUntil, isExpired }: GroupView): string {
  return `${new Date(validUntil * 1_000).toISOString()}${isExpired ? ' (expired)' : ''}`
}
