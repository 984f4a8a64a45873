import type { Client } from '@concordance/client'
import { api, type SavedSearchView, type SearchFilters } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'

/** Searches that the caller has saved, each with where it is fed. */
export async function listSaved(context: Context): Promise<void> {
  const { items, base } = await withClient(context, async (client) => ({
    items: await readSaved(context, client),
    base: client.baseUrl,
  }))
  context.terminal.giveList(items, {
    columns: ['id', 'saved', 'feed', 'name', 'search'],
    row: ({ id, createdAt, paths, name, filters }) => [
      id,
      createdAt.slice(0, 10),
      `${base}${paths.feed}`,
      name,
      Object.entries(filters)
        .map(([filter, value]) => `${filter}=${value}`)
        .join(' '),
    ],
    empty: 'no search is saved yet; save one with `concordance search WORDS --save NAME`',
  })
}

/** @param which Name or id. */
export async function deleteSaved(context: Context, which: string): Promise<void> {
  const { id, name } = await withClient(context, async (client) => {
    const saved = await getSaved(context, client, which)
    await client.call(api.deleteSearch, { params: { id: saved.id }, signal: context.signal })
    return saved
  })
  context.terminal.give({ deleted: id, name }, () => [`deleted ${id}`])
}

/** The filters of a saved search. @param which Name or id. @throws {Failure} `not-found`. */
export async function findSaved(context: Context, client: Client, which: string): Promise<SearchFilters> {
  return (await getSaved(context, client, which)).filters
}

async function getSaved(context: Context, client: Client, which: string): Promise<SavedSearchView> {
  const saved = (await readSaved(context, client)).find(({ id, name }) => id === which || name === which)
  if (saved) return saved
  throw new Failure({
    what: 'could not find the saved search',
    why: `you have saved none under ${which}`,
    remedy: '`concordance saved list` shows them',
    code: 'not-found',
    exit: exitCodes.notFound,
  })
}

async function readSaved({ signal }: Context, client: Client): Promise<SavedSearchView[]> {
  return (await client.call(api.listSearches, { signal })).items
}
