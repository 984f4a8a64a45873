import { limits, signNodeDocument } from '@concordance/protocol'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'

const numbersToTell = [
  'statementBytes',
  'bodyBytes',
  'pageEntries',
  'pageBytes',
  'waitSeconds',
  'tokenLifetimeSeconds',
  'skewSeconds',
] as const

/** The node document (compact JWS): who we are, by which keys, under which limits. */
export function describeNode(deps: Deps, { contact }: { contact?: string } = {}): Promise<string> {
  const { iss, origin, base, name, keyset } = deps.identity
  return signNodeDocument(
    {
      v: 1,
      iss,
      origin,
      base,
      keyset: keyset().compact,
      versions: ['1.0'],
      features: ['search', 'compare'],
      limits: Object.fromEntries(numbersToTell.map((limit) => [limit, limits[limit]])),
      ...(contact !== undefined && { contact }),
      ...(Object.keys(name).length > 0 && { name: { ...name } }),
      iat: Math.floor(deps.now().getTime() / 1_000),
    },
    deps.signers.log,
  )
}

/** Whether the node can serve. @throws the database's error when it cannot. */
export async function getReadiness({ db }: Deps): Promise<'confirmed' | 'unconfirmed'> {
  const row = await db.selectFrom('log').select('state').where('is_own', '=', true).executeTakeFirst()
  return row?.state === 'unconfirmed' ? 'unconfirmed' : 'confirmed'
}

/** The newest signed checkpoint of our own log. @throws {ExchangeError} `unavailable` before there is one. */
export async function getSealedCheckpoint({ db }: Deps): Promise<{ checkpoint: string; note?: string }> {
  const row = await db
    .selectFrom('checkpoint')
    .innerJoin('log', 'log.id', 'checkpoint.log')
    .select(['checkpoint.jws', 'checkpoint.note'])
    .where('log.is_own', '=', true)
    .where('checkpoint.jws', 'is not', null)
    .orderBy('checkpoint.size', 'desc')
    .executeTakeFirst()
  if (!row?.jws) throw new ExchangeError('unavailable', 'no checkpoint is signed yet')
  return { checkpoint: row.jws, ...(row.note !== null && { note: row.note }) }
}

/** The newest checkpoint we verified of another log. @throws {ExchangeError} `not-found`. */
export async function getHeldCheckpoint({ db }: Deps, origin: string): Promise<{ iss: string; checkpoint: string }> {
  const row = await db
    .selectFrom('log')
    .innerJoin('peer', 'peer.iss', 'log.iss')
    .select(['log.iss', 'peer.checkpoint'])
    .where('log.origin', '=', origin)
    .executeTakeFirst()
  if (!row?.checkpoint) throw new ExchangeError('not-found', 'no copy of that log is kept here')
  return { iss: row.iss, checkpoint: row.checkpoint }
}
