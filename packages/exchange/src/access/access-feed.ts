import { type AccessItem, limits, signAccessPage } from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import { getSealedCheckpoint } from '../log/checkpoints.ts'
import { getPeerViewer } from './viewer.ts'

/**
 * A page of the access feed of one peer: how its rights to entries of our log changed after they were in the log.
 * Items about an entry that no signed checkpoint covers yet wait, with everything behind them.
 *
 * @returns compact JWS, typ `concordance-access+jwt`.
 * @throws {ExchangeError} `forbidden` for a peer that is not active, `unavailable` before the first checkpoint.
 */
export async function readAccessPage(deps: Deps, peer: { readonly iss: string }, from: number): Promise<string> {
  await getPeerViewer(deps, peer.iss)
  const { size } = await getSealedCheckpoint(deps)
  const items = await listItems(deps, peer.iss, from)
  const end = items.findIndex((item) => item.kind !== 'reset' && item.position >= size)
  const sent = end < 0 ? items : items.slice(0, end)
  const { iss, origin } = deps.identity
  const iat = Math.floor(deps.now().getTime() / 1_000)
  const page = { v: 1, iss, origin, peer: peer.iss, from, to: from + sent.length, items: sent, size, iat } as const
  return signAccessPage(page, deps.signers.log)
}

/** Items in the feed of one peer. */
export async function lengthOfFeed({ db }: Pick<Deps, 'db'>, peer: string): Promise<number> {
  const row = await db
    .selectFrom('access_item')
    .select(({ fn }) => fn.max('seq').as('last'))
    .where('peer', '=', peer)
    .executeTakeFirst()
  return (row?.last ?? -1) + 1
}

async function listItems({ db }: Deps, peer: string, from: number): Promise<AccessItem[]> {
  const rows = await db
    .selectFrom('access_item')
    .select(['kind', 'position'])
    .where('peer', '=', peer)
    .where('seq', '>=', from)
    .orderBy('seq')
    .limit(limits.accessItems)
    .execute()
  return rows.map(({ kind, position }) =>
    kind === 'reset' || position === null ? { kind: 'reset' } : { kind, position },
  )
}
