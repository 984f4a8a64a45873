import type { Client } from '@concordance/client'
import { listPeerSync, type SyncDeps } from '@concordance/exchange'
import { api } from '@concordance/protocol'

/** Where a record is published, and who looks for it elsewhere. */
export interface Trial {
  /** Publishes a record in which a word stands that stands nowhere else. */
  publish(word: string): Promise<{ readonly recordId: string }>
  /** Of a person at another institute. */
  readonly client: Client
  /** Entity id of the institute that publishes. */
  readonly iss: string
}

/** From the receipt until a federated search at the other institute gives the record, in milliseconds. */
export async function publishAndFind({ publish, client, iss }: Trial, word: string): Promise<number> {
  const { recordId } = await publish(word)
  const acknowledged = performance.now()
  for (;;) {
    const query = { q: word, iss, federated: true, facets: false, budgetMs: 4_000 }
    const { hits } = await client.call(api.search, { query })
    const tookMs = performance.now() - acknowledged
    if (hits.some((hit) => hit.recordId === recordId)) return tookMs
    if (tookMs > giveUpMs) throw new Error(`not found within ${giveUpMs} ms`)
  }
}

const giveUpMs = 30_000

/** Entries of a peer's log that a node has verified by now. */
export async function verifiedOf(deps: SyncDeps, iss: string): Promise<number> {
  return (await listPeerSync(deps)).find((sync) => sync.iss === iss)?.size ?? 0
}
