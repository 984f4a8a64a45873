import { api, type PersonView } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { requireUuid } from '../ids.ts'
import { readPages } from '../read-pages.ts'

export async function listPeople(context: Context): Promise<void> {
  const { terminal, signal } = context
  const { items } = await withClient(context, (client) =>
    readPages((query) => client.call(api.listPeople, { query, signal })),
  )
  terminal.giveList(items, {
    columns: ['person', 'state', 'is', 'roles', 'signed in', 'name'],
    row: (person) => [
      person.id,
      person.disabledAt === undefined ? 'enabled' : 'disabled',
      person.staff ? 'staff' : 'researcher',
      person.roles.join(',') || '-',
      person.signedInAt ?? 'never',
      nameOf(person),
    ],
    empty:
      'nobody has signed in here yet: people do so at the provider that "people" in node.json names; ' +
      'programs hold tokens, see `concordance token list`',
  })
}

function nameOf({ name, subject }: PersonView): string {
  return name === undefined ? subject : `${name} (${subject})`
}

export async function disablePerson(context: Context, id: string): Promise<void> {
  requireUuid(id, 'person')
  const { terminal, signal } = context
  await withClient(context, (client) => client.call(api.disablePerson, { params: { id }, signal }))
  terminal.give({ disabled: id }, () => [`disabled ${id}`])
  if (terminal.json) return
  terminal.talk('sessions and tokens of this person end within five seconds, and new ones are refused')
  terminal.talk(`\`concordance people enable ${id}\` lets the person sign in again`)
}

export async function enablePerson(context: Context, id: string): Promise<void> {
  requireUuid(id, 'person')
  const { terminal, signal } = context
  await withClient(context, (client) => client.call(api.enablePerson, { params: { id }, signal }))
  terminal.give({ enabled: id }, () => [`enabled ${id}`])
  if (!terminal.json) terminal.talk('the person may sign in again; sessions and tokens that were ended stay ended')
}
