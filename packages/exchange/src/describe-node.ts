import { limits, signNodeDocument } from '@concordance/protocol'
import type { Deps } from './deps.ts'

const numbersToTell = [
  'statementBytes',
  'bodyBytes',
  'pageEntries',
  'pageBytes',
  'waitSeconds',
  'tokenLifetimeSeconds',
  'skewSeconds',
  'searchBudgetMs',
  'answerHits',
  'answerBytes',
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
