import { api } from '@concordance/protocol'
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

export async function exportEvidence(
  context: Context,
  id: string,
  { output }: { readonly output?: string },
): Promise<void> {
  const { signal } = context
  const { items } = await withClient(context, (client) => client.call(api.listMisconduct, { signal }))
  const found = items.find((item) => String(item.id) === id)
  if (!found) {
    const remedy = 'see `concordance evidence list`'
    const why = `there is no evidence ${id}`
    throw new Failure({
      what: 'could not export the evidence',
      why,
      remedy,
      code: 'not-found',
      exit: exitCodes.notFound,
    })
  }
  await giveText(context, JSON.stringify(found.bundle), output)
}
