import { limits } from '@concordance/protocol'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'

const keptAfterExpirySeconds = 60

/**
 * Uses up a request token: its `jti` counts once for each issuer. The last check of a request, after everything else.
 *
 * @throws {ExchangeError} `replay` when it was used before, `store-unavailable` when that cannot be known.
 */
export async function useRequestToken({ pool }: Pick<Deps, 'pool'>, token: { iss: string; jti: string; exp: number }) {
  const result = await pool
    .query('insert into request_jti (iss, jti, exp) values ($1, $2, $3) on conflict do nothing', [
      token.iss,
      token.jti,
      token.exp,
    ])
    .catch((cause: Error) => {
      throw new ExchangeError('store-unavailable', 'the store of used tokens does not answer', { cause })
    })
  if (result.rowCount === 0) throw new ExchangeError('replay', 'the request token was used before')
}

/** Forgets tokens that could not be accepted any more. @returns how many. */
export async function purgeRequestTokens({ pool, now }: Pick<Deps, 'pool' | 'now'>): Promise<number> {
  const oldest = Math.floor(now().getTime() / 1000) - limits.skewSeconds - keptAfterExpirySeconds
  const { rowCount } = await pool.query('delete from request_jti where exp < $1', [oldest])
  return rowCount ?? 0
}
