import type { Deps } from '@concordance/exchange'

/** How long something found usable is taken for usable: taking it away works within this time. */
const rememberedMs = 2_000
const rememberedAtMost = 1_000

/** Finds something by its key, or remembers it for two seconds. What is not found is never remembered. */
export type Memory<Value> = (
  key: string,
  find: (key: string) => Promise<{ readonly value: Value; readonly until: Date } | undefined>,
) => Promise<Value | undefined>

export function createMemory<Value>({ now }: Pick<Deps, 'now'>): Memory<Value> {
  const remembered = new Map<string, { readonly value: Value; readonly untilMs: number }>()
  return async (key, find) => {
    const nowMs = now().getTime()
    const known = remembered.get(key)
    if (known && known.untilMs > nowMs) return known.value
    const found = await find(key)
    if (!found) return undefined
    if (remembered.size >= rememberedAtMost) remembered.clear()
    remembered.set(key, { value: found.value, untilMs: Math.min(nowMs + rememberedMs, found.until.getTime()) })
    return found.value
  }
}
