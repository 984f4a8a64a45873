import { hostname } from 'node:os'
import pg from 'pg'
import type { Logger } from './deps.ts'

/** `log`: one that grew, with its sealed (own) or verified (mirror) size. `access`: a peer's feed, with its length. */
export type WakeTopic = `log:${string}` | `hint:${string}` | `access:${string}`

/**
 * Tells waiting readers, in this process and in the others on the same database, that something has grown.
 * Every signal may be lost or come twice: it says "look", the database says what there is.
 */
export interface Wake {
  /** Highest value heard of on a topic, 0 when none. */
  latest(topic: WakeTopic): number
  /** Returns as soon as a value above `above` is known, the time is over, or the signal aborts; never throws. */
  wait(topic: WakeTopic, above: number, timeoutMs: number, signal?: AbortSignal): Promise<void>
  /** Calls back with every signal until the returned function is called. Callbacks must not throw. */
  listen(listener: (topic: WakeTopic, value: number) => void): () => void
  /** Wakes waiters here at once and those elsewhere by NOTIFY. Never fails: a lost signal only costs time. */
  announce(topic: WakeTopic, value: number): void
  close(): Promise<void>
}

const channel = 'concordance_wake'
const reconnectMs = 1_000
const longestTopics = 10_000

/** @param settings of a connection that is kept open for LISTEN, outside the pool. */
export async function openWake(settings: pg.ClientConfig, logger: Logger): Promise<Wake> {
  const self = `${hostname()}:${process.pid}:${Math.random()}`
  const values = new Map<WakeTopic, number>()
  const listeners = new Set<(topic: WakeTopic, value: number) => void>()
  let closed = false
  let client: pg.Client | undefined

  const hear = (topic: WakeTopic, value: number) => {
    if (values.size >= longestTopics) values.clear()
    values.set(topic, Math.max(value, values.get(topic) ?? 0))
    for (const listener of [...listeners]) listener(topic, value)
  }
  const connect = async () => {
    // Pipelined, for signals follow one another without waiting.
    const next = new pg.Client({ ...settings, statement_timeout: 0, pipeline: true })
    next.on('notification', ({ payload }) => {
      const message = parsePayload(payload)
      if (message && message.from !== self) hear(message.topic, message.value)
    })
    next.on('error', (error) => {
      logger.warn({ err: error.message }, 'lost the connection for wake-up signals')
      next.end().catch(() => {}) // it is already broken
      if (client === next) client = undefined
      if (!closed) setTimeout(reconnect, reconnectMs).unref()
    })
    await next.connect()
    await next.query(`listen ${channel}`)
    client = next
  }
  const reconnect = () => {
    if (closed) return
    connect().catch(() => setTimeout(reconnect, reconnectMs).unref())
  }
  await connect()

  return {
    latest: (topic) => values.get(topic) ?? 0,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    wait(topic, above, timeoutMs, signal) {
      if ((values.get(topic) ?? 0) > above || signal?.aborted || closed) return Promise.resolve()
      return new Promise((resolve) => {
        const end = () => {
          listeners.delete(onSignal)
          clearTimeout(timer)
          signal?.removeEventListener('abort', end)
          resolve()
        }
        const onSignal = (heard: WakeTopic, value: number) => {
          if (heard === topic && value > above) end()
        }
        const timer = setTimeout(end, timeoutMs)
        listeners.add(onSignal)
        signal?.addEventListener('abort', end)
      })
    },
    announce(topic, value) {
      hear(topic, value)
      const payload = JSON.stringify({ topic, value, from: self })
      client?.query('select pg_notify($1, $2)', [channel, payload]).catch(() => {}) // a hint; the next one follows
    },
    async close() {
      closed = true
      await client?.end()
    },
  }
}

function parsePayload(payload: string | undefined): { topic: WakeTopic; value: number; from: string } | undefined {
  try {
    const { topic, value, from } = JSON.parse(payload ?? '')
    return typeof topic === 'string' && typeof value === 'number'
      ? { topic: topic as WakeTopic, value, from }
      : undefined
  } catch {
    return undefined // only processes on this database can send here; a newer release may send another form
  }
}
