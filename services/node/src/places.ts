/** A few places for each holder, so that none takes all there is. */
export interface Places {
  /** Runs `work` in a free place of `holder`; without one it does not run. */
  use(holder: string, work: () => Promise<void>): Promise<void>
}

export function createPlaces(each: number): Places {
  const taken = new Map<string, number>()
  const change = (holder: string, by: number) => {
    const count = (taken.get(holder) ?? 0) + by
    if (count > 0) taken.set(holder, count)
    else taken.delete(holder)
  }
  return {
    async use(holder, work) {
      if ((taken.get(holder) ?? 0) >= each) return
      change(holder, 1)
      try {
        await work()
      } finally {
        change(holder, -1)
      }
    },
  }
}
