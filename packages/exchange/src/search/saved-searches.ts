import type { SavedSearchView, SearchFilters } from '@concordance/protocol'
import { type Selectable, sql, type Transaction } from 'kysely'
import type { SavedSearchTable, Tables } from '../database/tables.ts'
import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import { pathOf } from '../export/search-words.ts'
import { uuidv7 } from '../keys/uuid.ts'
import { once } from '../once.ts'
import { type Call, digestOf } from '../publish.ts'

/** Of one person or program at most. */
export const savedAtMost = 100

/** Searches that somebody saved, by name. */
export async function listSearches({ db }: Pick<Deps, 'db'>, subject: string): Promise<SavedSearchView[]> {
  const rows = await db.selectFrom('saved_search').selectAll().where('subject', '=', subject).orderBy('name').execute()
  return rows.map(viewOf)
}

/**
 * Keeps filters under a name, for whoever calls. What they find is decided each time they are asked.
 *
 * @throws {ExchangeError} `conflict` for a name that the caller has used, or one search too many; `idempotency-mismatch`.
 */
export function saveSearch(
  deps: Deps,
  { name, filters }: { readonly name: string; readonly filters: SearchFilters },
  call: Call,
): Promise<SavedSearchView> {
  return once(deps, call, digestOf('save-search', { name, filters }), async (trx) => {
    await requirePlace(trx, call.actor, name)
    const row = {
      id: uuidv7(deps),
      subject: call.actor,
      name,
      filters: JSON.stringify(filters),
      created_at: deps.now(),
    }
    return viewOf(await trx.insertInto('saved_search').values(row).returningAll().executeTakeFirstOrThrow())
  })
}

/** @throws {ExchangeError} `not-found`, also for a search of somebody else. */
export async function deleteSearch({ db }: Pick<Deps, 'db'>, subject: string, id: string): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('saved_search')
    .where('subject', '=', subject)
    .where('id', '=', id)
    .executeTakeFirst()
  if (numDeletedRows === 0n) throw new ExchangeError('not-found', 'there is no such saved search')
}

/** One at a time for each subject, so that two calls do not both take the last place. */
async function requirePlace(trx: Transaction<Tables>, subject: string, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`saved searches ${subject}`}, 0))`.execute(trx)
  const rows = await trx.selectFrom('saved_search').select('name').where('subject', '=', subject).execute()
  if (rows.some((row) => row.name === name)) throw new ExchangeError('conflict', 'a saved search has this name already')
  if (rows.length >= savedAtMost)
    throw new ExchangeError('conflict', `${savedAtMost} searches are saved: delete one first`)
}

function viewOf({ id, name, filters, created_at }: Selectable<SavedSearchTable>): SavedSearchView {
  const asked = filters as SearchFilters
  return {
    id,
    name,
    filters: asked,
    createdAt: created_at.toISOString(),
    paths: {
      search: pathOf('/v1/search', asked),
      feed: pathOf('/v1/search/feed', asked),
      csv: pathOf('/v1/search/export', asked, { format: 'csv' }),
      jsonl: pathOf('/v1/search/export', asked, { format: 'jsonl' }),
    },
  }
}
