import { Type } from 'typebox'
import { ProtocolError } from './error.ts'
import { type CompactJws, parseCompactUnsafe, signCompact, verifyCompact } from './jws.ts'
import type { Signer } from './keys.ts'
import { getKey, type Keyset } from './keyset.ts'
import { limits } from './limits.ts'
import { Count, checkOf, EntityIdText, OriginText } from './schema.ts'

/**
 * What changed in one peer's rights to an entry that was in the log before. `granted`: fetch it again. `revoked`: hide it.
 * `reset`: rights changed all over; read the log again from position 0.
 */
export type AccessItem = { kind: 'granted' | 'revoked'; position: number } | { kind: 'reset' }

/** A part of the access feed that an institute keeps for one peer: items `from` up to, not including, `to`. */
export type AccessPage = {
  v: 1
  iss: string
  origin: string
  /** Entity id of the peer whose rights these are. */
  peer: string
  /** Zero-based place in the feed of the first item; the feed only grows. */
  from: number
  to: number
  items: readonly AccessItem[]
  /** Size of the log; no position lies beyond it. */
  size: number
  iat: number
}

/** @throws {ProtocolError} `SCHEMA` or `ACCESS`. */
export async function signAccessPage(page: AccessPage, signer: Signer): Promise<string> {
  refuseContradiction(checkPage(page))
  return signCompact('concordance-access+jwt', page, signer)
}

/** Unsafe: the signature is NOT checked. @throws {ProtocolError} `SCHEMA`, `ACCESS`, codes of `parseCompactUnsafe`. */
export function parseAccessPageUnsafe(compact: string): { page: AccessPage; jws: CompactJws } {
  const jws = parseCompactUnsafe(compact, 'concordance-access+jwt', limits.accessPageBytes)
  const page = checkPage(jws.payload)
  refuseContradiction(page)
  return { page, jws }
}

/**
 * Verifies a page by a `log` key of the keyset that was good at its size.
 *
 * @throws {ProtocolError} `ISSUER`, `ORIGIN`, `KEY_UNKNOWN`, `KEY_PURPOSE`, `KEY_REVOKED`, `SIGNATURE_INVALID` and the
 *   codes of `parseAccessPageUnsafe`.
 */
export function verifyAccessPage(compact: string, keyset: Keyset): AccessPage {
  const { page, jws } = parseAccessPageUnsafe(compact)
  const { iss, origin } = keyset.document
  if (page.iss !== iss) throw new ProtocolError('ISSUER', 'the access feed is of another issuer')
  if (page.origin !== origin) throw new ProtocolError('ORIGIN', 'the access feed is of another log')
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'log', page.size))
  return page
}

const closed = { additionalProperties: false } as const

const checkPage: (value: unknown) => AccessPage = checkOf(
  Type.Object({
    v: Type.Literal(1),
    iss: EntityIdText,
    origin: OriginText,
    peer: EntityIdText,
    from: Count,
    to: Count,
    items: Type.Array(
      Type.Union([
        Type.Object({ kind: Type.Enum(['granted', 'revoked']), position: Count }, closed),
        Type.Object({ kind: Type.Literal('reset') }, closed),
      ]),
      { maxItems: limits.accessItems },
    ),
    size: Count,
    iat: Count,
  }),
  'access feed page',
)

function refuseContradiction({ from, to, items, size }: AccessPage): void {
  const isWithin = items.every((item) => item.kind === 'reset' || item.position < size)
  if (to - from !== items.length || !isWithin) {
    throw new ProtocolError('ACCESS', 'a page of the access feed holds the items from from to to, within size')
  }
}
