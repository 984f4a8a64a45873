import {
  type Keyset,
  type KeysetDocument,
  limits,
  ProtocolError,
  parseCompactUnsafe,
  parseEntityId,
  parsePublicJwk,
  thumbprint,
  verifyKeyset,
} from '@concordance/protocol'
import type { Kysely } from 'kysely'
import type { Tables } from '../database/tables.ts'
import type { Identity, Signers } from '../deps.ts'
import { ExchangeError } from '../error.ts'

export interface IdentityOptions {
  readonly entityId: string
  readonly baseUrl: string
  readonly name: Readonly<Record<string, string>>
  /** Compact JWS of the first keyset document, as `createIdentity` left it. */
  readonly firstKeyset: string
}

/** An identity whose keyset moves on when the log records a newer document. */
export interface OwnIdentity extends Identity {
  /** Every keyset document of our own, in order. */
  chain(): readonly Keyset[]
  /** Takes up documents that another process, or a rotation here, has put into the log. */
  refresh(db: Kysely<Tables>): Promise<void>
}

/**
 * Who this node is: the first keyset document from the data folder, and those after it from the database, each verified
 * by the one before.
 *
 * @throws {ExchangeError} `identity-invalid` when data folder, database and entity id do not belong together.
 */
export async function loadIdentity(db: Kysely<Tables>, options: IdentityOptions): Promise<OwnIdentity> {
  const iss = parseEntityId(options.entityId)
  const first = verifyFirst(options.firstKeyset, iss)
  const { pin, keyset } = first
  let chain = await loadChain(db, keyset, pin)
  return {
    iss,
    origin: keyset.document.origin,
    base: options.baseUrl,
    name: options.name,
    pin,
    keyset: () => chain.at(-1) ?? keyset,
    chain: () => chain,
    async refresh(database) {
      chain = await loadChain(database, keyset, pin)
    },
  }
}

/** @throws {ExchangeError} `identity-invalid` when a key in use is not one the keyset in force allows. */
export function requireSignersOf(keyset: Keyset, signers: Signers): void {
  for (const purpose of ['record', 'log', 'request'] as const) {
    const { kid } = signers[purpose]
    if (!keyset.findKey(kid, purpose)) {
      throw new ExchangeError('identity-invalid', `the ${purpose} key ${kid} is not in keyset ${keyset.document.seq}`)
    }
  }
}

/** Our own root is whatever the first document says: nobody else pins it for us. */
function verifyFirst(compact: string, iss: string): { pin: string; keyset: Keyset } {
  try {
    const { payload } = parseCompactUnsafe(compact, 'concordance-keyset+jwt', limits.keysetBytes)
    const { roots } = payload as unknown as KeysetDocument
    const pin = thumbprint(parsePublicJwk(roots[0]))
    return { pin, keyset: verifyKeyset(compact, { pin, iss }) }
  } catch (cause) {
    const reason = cause instanceof ProtocolError ? cause.code : 'not a keyset document'
    throw new ExchangeError('identity-invalid', `the first keyset document does not verify: ${reason}`, { cause })
  }
}

async function loadChain(db: Kysely<Tables>, first: Keyset, pin: string): Promise<Keyset[]> {
  const { iss } = first.document
  const rows = await db.selectFrom('keyset').select('document').where('iss', '=', iss).orderBy('seq').execute()
  const [stored, ...later] = rows
  if (stored && stored.document !== first.compact) {
    throw new ExchangeError('identity-invalid', 'the database belongs to another identity than the data folder')
  }
  const chain = [first]
  for (const { document } of later) chain.push(verifyKeyset(document, { pin, iss, previous: chain.at(-1) ?? first }))
  return chain
}
