import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'
import type { PeerViewer } from './may-open.ts'

/**
 * An institute as the rule sees it, with the ceiling the database knows.
 *
 * @throws {ExchangeError} `forbidden` for one that is not an active peer.
 */
export async function getPeerViewer({ db }: Pick<Deps, 'db'>, iss: string): Promise<PeerViewer> {
  const peer = await db.selectFrom('peer').select(['state', 'ceiling']).where('iss', '=', iss).executeTakeFirst()
  if (peer?.state !== 'active') throw new ExchangeError('forbidden', 'the institute is not an active peer')
  return { kind: 'peer', iss, ceiling: peer.ceiling }
}
