import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Receipt } from '@concordance/protocol'
import pg from 'pg'
import { storeErrorOf } from '../database/store-error.ts'
import type { TreeHead } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import type { Wake } from '../wake.ts'
import { type AppendContext, appendBatch, type NewEntry, type Outcome } from './append-batch.ts'
import { closeInterval, setSealing } from './close-interval.ts'
import type { SealingInterval } from './schedule.ts'
import { type SealOptions, sealLog } from './seal.ts'

/** The one way into our own log: all callers of this process in one queue. */
export interface LogWriter {
  /**
   * Appends a signed record; durable when it returns. The checkpoint that covers it follows at once, or at `sealsAt` of
   * the receipt.
   *
   * @throws {ExchangeError} what `appendBatch` decides, `store-unavailable`, `disk-full`, or `unavailable` when too many wait
   * or the node is stopping.
   */
  append(entry: NewEntry): Promise<Receipt>
  /** Signs what is not signed yet. See `sealLog`. */
  seal(options?: SealOptions): Promise<TreeHead | undefined>
  /** See `setSealing`. */
  setSealing(interval: SealingInterval | undefined): Promise<void>
  /** Ends the interval whose tick has come, and makes up for the ticks that were missed. See `closeInterval`. */
  closeIntervals(): Promise<void>
  /** Refuses new entries, finishes those at hand, signs them, and closes its connections. */
  close(): Promise<void>
}

export interface WriterContext extends AppendContext {
  readonly wake: Wake
  /** Of the connections outside the pool. */
  readonly connection: pg.ClientConfig
}

interface Waiting {
  readonly entry: NewEntry
  resolve(receipt: Receipt): void
  reject(error: unknown): void
}

const batchAtMost = 256
const waitingAtMost = 10_000
const sealAgainMs = 1_000
const sealEveryMs = 50
/** … while batches follow one another. */
const sealInBurstMs = 150
const gatherAtMostMs = 8
const answerWithinMs = 60_000
/** Every look-up here goes by a unique key; a plan made while the tables were small would go on reading them whole. */
const byKeyOnly = '-c enable_seqscan=off -c enable_hashjoin=off'

/**
 * Group commit: whatever waits when a batch begins is appended together, up to 256 entries. Sealing runs beside it on a
 * connection of its own and takes the newest head, so a burst of batches needs few signatures.
 *
 * Several processes may write to one database: the lock on our log's row makes their batches follow one another, and all
 * of them need the same guard file.
 */
export function createLogWriter(context: WriterContext): LogWriter {
  const appending = lazyClient(context)
  const sealing = lazyClient(context)
  const queue: Waiting[] = []
  let closing = false
  let appendLoop: Promise<void> | undefined
  let sealLoop: Promise<void> | undefined
  let sealWanted = false
  let sealTimer: NodeJS.Timeout | undefined
  let awaited = { entries: 0, here: () => {} }

  const runAppends = async () => {
    await turn()
    while (queue.length > 0) {
      const batch = takeBatch(queue)
      await appendNext(batch)
      await gather(batch.length + queue.length)
    }
    appendLoop = undefined
  }
  /**
   * Callers that were just answered often come back with their next record: waiting a moment for as many as there were
   * makes one batch of them, instead of two that take turns. A caller who is alone never waits.
   */
  const gather = (entries: number) => {
    if (entries === 1 || queue.length >= entries) return turn()
    return new Promise<void>((resolve) => {
      const late = setTimeout(resolve, gatherAtMostMs)
      const here = () => {
        clearTimeout(late)
        resolve()
      }
      awaited = { entries, here }
    })
  }
  const appendNext = async (batch: Waiting[]) => {
    try {
      const outcomes = await appending.use((client) =>
        appendBatch(
          client,
          context,
          batch.map(({ entry }) => entry),
        ),
      )
      answer(batch, outcomes)
      if (outcomes.some(isSealedAtOnce)) requestSeal()
    } catch (error) {
      const reason = storeErrorOf(error)
      context.log.error({ err: reason, entries: batch.length }, 'a batch was not appended')
      for (const waiting of batch) waiting.reject(reason)
    }
  }
  const requestSeal = () => {
    sealWanted = true
    sealLoop ??= runSeals()
  }
  const runSeals = async () => {
    while (sealWanted) {
      sealWanted = false
      const started = performance.now()
      await sealNow({}).catch((error) => {
        context.log.error({ err: storeErrorOf(error) }, 'the log was not sealed')
        if (!closing) sealTimer = setTimeout(requestSeal, sealAgainMs)
      })
      // The first head after a pause is signed at once; in a burst one signature covers many batches.
      if (!closing) await sleep(Math.max(0, started + sealEveryMs - performance.now()))
      const leftMs = Math.max(0, started + sealInBurstMs - performance.now())
      if (!closing && appendLoop) await Promise.race([appendLoop, sleep(leftMs)])
    }
    sealLoop = undefined
  }
  const sealNow = async (options: SealOptions) => {
    const head = await sealing.use((client) => sealLog(client, context, options))
    if (head) context.wake.announce(`log:${context.identity.iss}`, head.size)
    return head
  }

  return {
    append(entry) {
      if (closing || queue.length >= waitingAtMost) {
        return Promise.reject(
          new ExchangeError('unavailable', closing ? 'the node is stopping' : 'too many entries wait'),
        )
      }
      return new Promise((resolve, reject) => {
        queue.push({ entry, resolve, reject })
        if (queue.length === awaited.entries) awaited.here()
        appendLoop ??= runAppends()
      })
    },
    async seal(options = {}) {
      await sealLoop
      return sealNow(options).catch((error) => {
        throw storeErrorOf(error)
      })
    },
    setSealing: (interval) => appending.use((client) => setSealing(client, context, interval)),
    async closeIntervals() {
      while (await appending.use((client) => closeInterval(client, context)));
    },
    async close() {
      closing = true
      await appendLoop
      clearTimeout(sealTimer)
      await sealLoop
      await Promise.all([appending.close(), sealing.close()])
    },
  }
}

function takeBatch(queue: Waiting[]): Waiting[] {
  // What follows a new keyset is judged by it, so it is appended by itself.
  const firstKeyset = queue.findIndex(({ entry }) => entry.keyset)
  const length = firstKeyset === 0 ? 1 : firstKeyset > 0 ? Math.min(firstKeyset, batchAtMost) : batchAtMost
  return queue.splice(0, length)
}

function answer(batch: readonly Waiting[], outcomes: readonly Outcome[]): void {
  for (const [index, waiting] of batch.entries()) {
    const outcome = outcomes[index] as Outcome
    if ('receipt' in outcome) waiting.resolve(outcome.receipt)
    else waiting.reject(outcome.error)
  }
}

function isSealedAtOnce(outcome: Outcome): boolean {
  return 'receipt' in outcome && outcome.receipt.sealsAt === undefined
}

/** A pipelined connection for one user at a time, made when needed and thrown away after any error. */
function lazyClient({ connection, log }: WriterContext) {
  let current: Promise<pg.Client> | undefined
  let busy: Promise<unknown> = Promise.resolve()

  const connect = async () => {
    const options = {
      pipeline: true,
      options: byKeyOnly,
      query_timeout: answerWithinMs,
      stream: () => new TurnSocket(),
    }
    const client = new pg.Client({ ...connection, ...options })
    client.on('error', (error) => {
      log.warn({ err: error.message }, 'a connection of the log writer broke')
      current = undefined
    })
    await client.connect()
    return client
  }
  const run = async <Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> => {
    current ??= connect()
    const client = current
    try {
      return await work(await client)
    } catch (error) {
      current = undefined
      client.then((broken) => broken.end()).catch(() => {}) // its transaction ends with it; what matters is thrown below
      throw error
    }
  }
  return {
    use<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
      const result = busy.then(() => run(work))
      busy = result.catch(() => {}) // the caller hears of it; the next user gets a new connection
      return result
    },
    async close() {
      await busy
      await (await current?.catch(() => undefined))?.end()
    },
  }
}

/** Sends the queries of one turn in one go: each write to the kernel costs more than a query costs to write out. */
class TurnSocket extends Socket {
  override uncork(): void {
    process.nextTick(() => super.uncork())
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
