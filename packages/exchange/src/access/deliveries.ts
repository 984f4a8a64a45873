import type { Deps } from '../deps.ts'

/** Entries of our own log whose opening one answer holds. */
export interface Delivery {
  /** Entity id. */
  readonly peer: string
  readonly kind: 'page' | 'record' | 'search'
  /** Of those that are open, in full or by their statement. */
  readonly positions: readonly number[]
  /** What a page covers, closed entries included; absent where the answer is no page. */
  readonly page?: { readonly from: number; readonly to: number }
  /** Length of the peer's access feed when its rights were read, or a moment before. */
  readonly accessAt: number
}

/**
 * Writes to the delivery log what an answer opens; durable when this returns, so call it before the answer leaves. A later
 * withdrawal reaches whoever stands in it.
 */
export async function recordDelivery({ pool, now }: Pick<Deps, 'pool' | 'now'>, delivery: Delivery): Promise<void> {
  const { peer, kind, positions, accessAt } = delivery
  if (positions.length === 0) return
  const { from, to } = delivery.page ?? { from: Math.min(...positions), to: Math.max(...positions) + 1 }
  await pool.query({
    name: 'record-delivery',
    text: `insert into delivery (peer, kind, from_position, to_position, opened, access_at, sent_at)
           values ($1, $2, $3, $4, $5, $6, $7)`,
    values: [peer, kind, from, to, positions.map((position) => position - from), accessAt, now()],
  })
}

/** Peers whose last page ended before `size`. */
export async function listBehind({ pool, peers }: Pick<Deps, 'pool' | 'peers'>, size: number): Promise<string[]> {
  const { rows } = await pool.query<{ iss: string }>(
    `select iss from unnest($1::text[]) as iss
     where not exists (
       select from (
         select to_position from delivery where peer = iss and kind = 'page' order by from_position desc, id desc limit 1
       ) as last
       where last.to_position >= $2
     )`,
    [peers.list().map(({ iss }) => iss), size],
  )
  return rows.map(({ iss }) => iss)
}
