import type { FacetName } from '@concordance/protocol'
import type { Deps } from '../deps.ts'

/** Values of some facets that one record has, by name. */
export type FacetSet = Readonly<Partial<Record<FacetName, string | readonly string[]>>>

type Store = Pick<Deps, 'pool'>

/**
 * The id of each set, in the given order; equal sets have one. New sets are kept at once, outside of the caller's
 * transaction: one that nothing refers to in the end does no harm.
 */
export async function internFacetSets(store: Store, sets: readonly FacetSet[]): Promise<number[]> {
  const { ids } = memoryOf(store)
  const keys = sets.map((set) => JSON.stringify(set))
  const unknown = [...new Set(keys)].filter((key) => !ids.has(key))
  const found = await internNew(store, unknown)
  const idOf = (key: string) => ids.get(key) ?? found.get(key) ?? -1
  const all = keys.map(idOf)
  for (const [key, id] of found) remember(ids, key, id)
  return all
}

/** The sets with these ids. Only for ids that stand in rows which are open to whoever asks. */
export async function readFacetSets(store: Store, wanted: Iterable<number>): Promise<ReadonlyMap<number, FacetSet>> {
  const { sets } = memoryOf(store)
  const all = [...wanted]
  const found = await readUnknown(
    store,
    all.filter((id) => !sets.has(id)),
  )
  const result = new Map(all.map((id) => [id, sets.get(id) ?? found.get(id) ?? {}]))
  for (const [id, set] of found) remember(sets, id, set)
  return result
}

interface Memory {
  readonly ids: Map<string, number>
  readonly sets: Map<number, FacetSet>
}

/** A set never changes and its id is never given again, so what is remembered stays true. */
const memories = new WeakMap<object, Memory>()

function memoryOf({ pool }: Store): Memory {
  const memory = memories.get(pool) ?? { ids: new Map(), sets: new Map() }
  memories.set(pool, memory)
  return memory
}

const rememberedAtMost = 50_000

function remember<Key, Value>(memory: Map<Key, Value>, key: Key, value: Value): void {
  if (memory.size >= rememberedAtMost) {
    const [oldest] = memory.keys()
    memory.delete(oldest as Key)
  }
  memory.set(key, value)
}

async function internNew({ pool }: Store, keys: readonly string[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map()
  const { rows } = await pool.query<{ key: string; id: number }>(
    'select key, intern_facets(key::jsonb) as id from unnest($1::text[]) as given (key)',
    [keys],
  )
  return new Map(rows.map(({ key, id }) => [key, id]))
}

async function readUnknown({ pool }: Store, ids: readonly number[]): Promise<Map<number, FacetSet>> {
  if (ids.length === 0) return new Map()
  const { rows } = await pool.query<{ id: number; facets: FacetSet }>(
    'select id, facets from facet_set where id = any ($1::int[])',
    [ids],
  )
  return new Map(rows.map(({ id, facets }) => [id, facets]))
}
