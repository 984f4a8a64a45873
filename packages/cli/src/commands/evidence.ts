import { api, type Misconduct } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { giveText } from './export.ts'

export async function listEvidence(context: Context): Promise<void> {
  const { terminal, signal } = context
  const { items } = await withClient(context, (client) => client.call(api.listMisconduct, { signal }))
  terminal.giveList(items, {
    columns: ['id', 'found', 'kind', 'institute'],
    row: ({ id, foundAt, kind, iss }) => [String(id), foundAt, kind, iss],
    empty: 'no institute has contradicted itself so far',
  })
}

/** What two signed things say that cannot both be true, and what to do about it. */
export async function showEvidence(context: Context, id: string): Promise<void> {
  const { terminal } = context
  const found = await getEvidence(context, id)
  terminal.give(found, () => [
    terminal.bold(`evidence ${found.id}: ${found.kind}`),
    `  institute  ${plainText(found.iss)}`,
    `  found      ${found.foundAt}`,
    `  shows      ${meanings[found.kind]}`,
  ])
  if (terminal.json) return
  terminal.talk('its log is frozen here: what was copied before stays, nothing new is taken in (docs/operations.md)')
  terminal.talk('next: call the institute, and let others check it themselves:')
  terminal.talk(`  \`concordance evidence export ${found.id} -o misconduct.json\``)
  terminal.talk(`  \`concordance verify misconduct.json\``)
}

const meanings: Record<Misconduct['kind'], string> = {
  'two-roots': 'two signed checkpoints with one size and different roots: two histories of one log',
  rollback: 'a log that was shown to be longer before',
  'not-append-only': 'a larger log that does not begin with the smaller one',
  'two-records-for-one-version': 'two signed records for one version of one finding',
  'contradicted-coverage': 'two peers were told different things about the entries that every peer is given',
  'contradicted-narrowing': 'an entry that it once named as narrowed, and then did not name',
  'false-narrowing': 'an entry that it named as narrowed by a record that narrows nothing',
  'two-keysets': 'two signed keyset documents with one number',
}

export async function exportEvidence(
  context: Context,
  id: string,
  { output }: { readonly output?: string },
): Promise<void> {
  const { bundle } = await getEvidence(context, id)
  await giveText(context, JSON.stringify(bundle), output)
}

async function getEvidence(context: Context, id: string): Promise<Misconduct> {
  const { signal } = context
  const { items } = await withClient(context, (client) => client.call(api.listMisconduct, { signal }))
  const found = items.find((item) => String(item.id) === id)
  if (found) return found
  throw new Failure({
    what: 'could not find the evidence',
    why: `there is no evidence ${id}`,
    remedy: 'see `concordance evidence list`',
    code: 'not-found',
    exit: exitCodes.notFound,
  })
}
