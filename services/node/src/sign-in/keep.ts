export interface KeepOptions<Value> {
  load(): Promise<Value>
  /** From this age on it is loaded again, beside answering. */
  readonly freshMs: number
  /** From this age on it is not answered any more. */
  readonly usableMs: number
  /** Shortest time between two loads, whatever became of them. */
  readonly retryMs: number
  /** Monotonic. */
  readonly clockMs: () => number
}

/** A value from elsewhere that may be away, slow or hostile. */
export interface Kept<Value> {
  /** What is known, without waiting for elsewhere where anything is. @throws what the last load failed with. */
  get(): Promise<Value>
  /** Loads now unless that was tried a moment ago, then as `get`. */
  renew(): Promise<Value>
}

/** Keeps the last value that was loaded. However many ask, one load runs at a time. */
export function keep<Value>({ load, freshMs, usableMs, retryMs, clockMs }: KeepOptions<Value>): Kept<Value> {
  let known: { readonly value: Value; readonly atMs: number } | undefined
  let failure: unknown
  let triedAtMs = Number.NEGATIVE_INFINITY
  let loading: Promise<void> | undefined
  const isYounger = (ageMs: number) => known !== undefined && clockMs() - known.atMs < ageMs
  const tryLoad = async () => {
    triedAtMs = clockMs()
    try {
      known = { value: await load(), atMs: clockMs() }
    } catch (error) {
      failure = error
    }
  }
  const reload = (): Promise<void> => {
    if (!loading && clockMs() - triedAtMs >= retryMs) {
      loading = tryLoad().finally(() => {
        loading = undefined
      })
    }
    return loading ?? Promise.resolve()
  }
  const answer = (): Value => {
    if (known && isYounger(usableMs)) return known.value
    throw failure
  }
  return {
    async get() {
      if (!isYounger(freshMs)) {
        const loaded = reload()
        if (!isYounger(usableMs)) await loaded
      }
      return answer()
    },
    async renew() {
      await reload()
      return answer()
    },
  }
}
