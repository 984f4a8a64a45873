import type { Deps } from '../deps.ts'
import { ExchangeError } from '../error.ts'

/** The newest signed head of our own log. */
export interface SealedCheckpoint {
  readonly size: number
  readonly root: Buffer
  /** Compact JWS. */
  readonly checkpoint: string
  /** The same as a C2SP note; absent where the log key cannot sign one. */
  readonly note?: string
}

/** The newest signed checkpoint of our own log. @throws {ExchangeError} `unavailable` before there is one. */
export async function getSealedCheckpoint({ db }: Pick<Deps, 'db'>): Promise<SealedCheckpoint> {
  const row = await db
    .selectFrom('checkpoint')
    .innerJoin('log', 'log.id', 'checkpoint.log')
    .select(['checkpoint.size', 'checkpoint.root', 'checkpoint.jws', 'checkpoint.note'])
    .where('log.is_own', '=', true)
    .where('checkpoint.jws', 'is not', null)
    .orderBy('checkpoint.size', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row?.jws) throw new ExchangeError('unavailable', 'no checkpoint is signed yet')
  return { size: row.size, root: row.root, checkpoint: row.jws, ...(row.note !== null && { note: row.note }) }
}
