import type { Asking, PeerHits } from './ask-peer.ts'

/** Answers that are still waited for although whoever asked has been answered. */
export interface LateWaits {
  /** How long after the budget. */
  readonly waitMs: number
  /**
   * Waits on for an answer, and hands it to `keepLate`; or, where there is no place left, stops the call.
   *
   * @returns whether it is waited for.
   */
  wait(
    iss: string,
    call: { readonly answer: Promise<PeerHits>; stop(): void },
    asking: Pick<Asking, 'keepLate'>,
  ): boolean
  /** Stops every call and returns when what came is kept. */
  close(): Promise<void>
}

/** Each holds a connection to its peer, so that a peer that hangs keeps few, and all of them together not many. */
const waitsOfPeer = 4
const waitsAtAll = 64
const waitMs = 30_000

export function createLateWaits(): LateWaits {
  const waiting = new Map<string, Set<() => void>>()
  const keeping = new Set<Promise<void>>()
  const count = () => [...waiting.values()].reduce((sum, stops) => sum + stops.size, 0)
  let isClosed = false
  return {
    waitMs,
    wait(iss, { answer, stop }, { keepLate }) {
      const stops = waiting.get(iss) ?? new Set()
      if (isClosed || stops.size >= waitsOfPeer || count() >= waitsAtAll) {
        stop()
        return false
      }
      waiting.set(iss, stops.add(stop))
      const kept = answer
        .then(keepLate)
        .catch(() => undefined) // it came too late for the store as well
        .finally(() => {
          stops.delete(stop)
          if (stops.size === 0) waiting.delete(iss)
          keeping.delete(kept)
        })
      keeping.add(kept)
      return true
    },
    async close() {
      isClosed = true
      for (const stops of waiting.values()) for (const stop of stops) stop()
      await Promise.all(keeping)
    },
  }
}
