export type Random = () => number

/** Mulberry32 (public domain, T. Ettinger): quick, and the same everywhere. */
export function createRandom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor(random() * values.length)] as Value
}

export function pickByWeight<Value extends { readonly weight: number }>(
  random: Random,
  values: readonly Value[],
): Value {
  let left = random()
  for (const value of values) {
    left -= value.weight
    if (left < 0) return value
  }
  return values[0] as Value
}

/** 0 … size − 1, the first ones far more often. */
export function skewed(random: Random, size: number): number {
  return Math.min(size - 1, Math.floor((size + 1) ** random() - 1))
}
