import { type ApiToken, listTokens, migrate, openDatabase, requireMigrated, revokeToken } from '@concordance/exchange'
import type { NodeConfig } from './config.ts'
import { type IssuedToken, issueToken, type NewToken } from './issue-token.ts'
import { readTokenSecret } from './token-secret.ts'

/** What the operator does on the node's own machine, whether or not the node runs. */
export interface Operator {
  /** Brings the schema up to date; returns the names of the migrations that were applied. */
  migrate(): Promise<string[]>
  /** @throws {ExchangeError} unless the schema is the one of this version. */
  requireMigrated(): Promise<void>
  issueToken(token: Omit<NewToken, 'actor'>): Promise<IssuedToken>
  listTokens(): Promise<ApiToken[]>
  /** @throws {ExchangeError} `not-found`. */
  revokeToken(jti: string): Promise<void>
  close(): Promise<void>
}

/** Who acts, in the audit trail: whoever may read the data folder and reach the database. */
const actor = 'operator'

/**
 * Opens the database of a node for its operator.
 *
 * @throws {ExchangeError} `store-unavailable` or `database-unsafe`.
 */
export async function openOperator({
  databaseUrl,
  dataDir,
  entityId,
}: Pick<NodeConfig, 'databaseUrl' | 'dataDir' | 'entityId'>): Promise<Operator> {
  const { db, pool, close } = await openDatabase({ url: databaseUrl, connections: 2 })
  const deps = { db, now: () => new Date(), identity: { iss: entityId } }
  return {
    migrate: () => migrate(pool),
    requireMigrated: () => requireMigrated(pool),
    issueToken: async (token) => issueToken(deps, await readTokenSecret(dataDir), { ...token, actor }),
    listTokens: () => listTokens(deps),
    revokeToken: (jti) => revokeToken(deps, jti, actor),
    close,
  }
}
