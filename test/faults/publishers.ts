import { setTimeout as sleep } from 'node:timers/promises'
import { bearer, type Client, createClient } from '@concordance/client'
import { api, type Receipt, type RecordInput } from '@concordance/protocol'
import type { Institute } from '../network/start-network.ts'

/** A record that a program was told is published, with what it takes to ask for the same again. */
export interface Acknowledged {
  readonly key: string
  readonly input: RecordInput
  readonly receipt: Receipt
}

export interface Publishers {
  readonly acknowledged: readonly Acknowledged[]
  /** Tries that failed and were made again under the same key. */
  readonly retried: number
  /** Ends each after the record at hand, which is tried until it is acknowledged. */
  stop(): Promise<void>
}

const pauseMs = 50

/** Programs that publish one RED record after the other, whatever happens to the node, each until it is acknowledged. */
export function startPublishers(institute: Institute, count: number): Publishers {
  const { baseUrl } = institute.client
  const client = createClient({ baseUrl, authorize: bearer(institute.token), retries: 0, timeoutMs: 5_000 })
  const acknowledged: Acknowledged[] = []
  const state = { stopping: false, retried: 0 }
  const program = async (name: number) => {
    for (let index = 0; !state.stopping; index++) {
      const key = `program-${name}-record-${index}`
      const input: RecordInput = { ...inputOf(key), mark: { tlp: 'RED', relay: 'none' } }
      for (;;) {
        const receipt = await tryTo(client, key, input)
        if (receipt) {
          acknowledged.push({ key, input, receipt })
          break
        }
        state.retried++
        await sleep(pauseMs)
      }
    }
  }
  const running = Promise.all(Array.from({ length: count }, (_, name) => program(name)))
  return {
    acknowledged,
    get retried() {
      return state.retried
    },
    async stop() {
      state.stopping = true
      await running
      await client.close()
    },
  }
}

export function inputOf(seen: string): RecordInput {
  const content = {
    seen: { en: seen },
    country: 'KE',
    sector: 'health',
    howOften: 'weekly',
    wish: { en: 'A joint test.' },
  }
  return {
    type: 'observation',
    lang: 'en',
    mark: { tlp: 'GREEN', relay: 'none' },
    content: { ...content, synthetic: true },
  }
}

/** Any failure may have come after the append: only the answer counts. */
async function tryTo(client: Client, key: string, body: RecordInput): Promise<Receipt | undefined> {
  try {
    return await client.call(api.publishRecord, { headers: { 'idempotency-key': key }, body })
  } catch (error) {
    if ((error as { status?: number }).status !== undefined && (error as { status: number }).status < 500) throw error
    return undefined
  }
}
