import { hash } from 'node:crypto'
import { Type } from 'typebox'
import { ProtocolError } from './error.ts'
import { type CompactJws, parseCompactUnsafe, signCompact, verifyCompact } from './jws.ts'
import type { Signer } from './keys.ts'
import { getKey, type Keyset } from './keyset.ts'
import { limits } from './limits.ts'
import { Base64url32, Count, checkOf, EntityIdText, OriginText } from './schema.ts'

/**
 * What an origin says, by its signature, that it opened to one peer between two positions: all other entries there are
 * not open to that peer under their signed marking.
 */
export type Coverage = {
  v: 1
  iss: string
  origin: string
  /** Entity id of the peer the page was made for. */
  peer: string
  /** Positions `from` up to, not including, `to`; equal for an empty page. */
  from: number
  to: number
  /** `openedDigestOf` all opened entries, under the salt of the page. */
  openedDigest: string
  /** `positionsDigest`, without state, of those every active peer must get: CLEAR or GREEN without embargo in the signed statement, narrowed ones included. */
  commonDigest: string
  /**
   * Entries of the page that every active peer was once given and that a marking record, at `by`, narrowed for the first
   * time, or of which it narrowed what they are about: a withdrawal, a marking record, that very one too. Named to every
   * peer alike and for ever, also after they were widened again. Absent where there are none.
   */
  narrowed?: readonly { readonly position: number; readonly by: number }[]
  /** Set where the peer is not even given GREEN: then `commonDigest` is over CLEAR alone, and compares with nobody else's. */
  ceiling?: 'CLEAR'
  /** Position of the peer's access feed at which the page was authorised. */
  accessAt: number
  /** Size of the log; no entry of the page lies beyond it. */
  size: number
  iat: number
}

/** @throws {ProtocolError} `SCHEMA` or `COVERAGE`. */
export async function signCoverage(coverage: Coverage, signer: Signer): Promise<string> {
  refuseContradiction(checkCoverage(coverage))
  return signCompact('concordance-coverage+jwt', coverage, signer)
}

/** Unsafe: the signature is NOT checked. @throws {ProtocolError} `SCHEMA`, `COVERAGE`, codes of `parseCompactUnsafe`. */
export function parseCoverageUnsafe(compact: string): { coverage: Coverage; jws: CompactJws } {
  const jws = parseCompactUnsafe(compact, 'concordance-coverage+jwt')
  const coverage = checkCoverage(jws.payload)
  refuseContradiction(coverage)
  return { coverage, jws }
}

/**
 * Verifies a coverage statement by a `log` key of the keyset that was good at its size.
 *
 * @throws {ProtocolError} `ISSUER`, `ORIGIN`, `KEY_UNKNOWN`, `KEY_PURPOSE`, `KEY_REVOKED`, `SIGNATURE_INVALID` and the
 *   codes of `parseCoverageUnsafe`.
 */
export function verifyCoverage(compact: string, keyset: Keyset): Coverage {
  const { coverage, jws } = parseCoverageUnsafe(compact)
  const { iss, origin } = keyset.document
  if (coverage.iss !== iss) throw new ProtocolError('ISSUER', 'the coverage statement is of another issuer')
  if (coverage.origin !== origin) throw new ProtocolError('ORIGIN', 'the coverage statement is of another log')
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'log', coverage.size))
  return coverage
}

/**
 * Base64url SHA-256 over `<salt>\n` and one line `<position> <state>\n` for each opened entry. Requires ascending positions.
 *
 * @param salt As in the last line of the page.
 */
export function openedDigestOf(
  salt: string,
  opened: readonly { position: number; state: 'open' | 'statement' }[],
): string {
  return hash(
    'sha256',
    `${salt}\n${opened.map(({ position, state }) => `${position} ${state}\n`).join('')}`,
    'base64url',
  )
}

/** Base64url SHA-256 over one line `<position>\n` for each. Requires ascending positions. */
export function positionsDigest(lines: readonly { position: number }[]): string {
  return hash('sha256', lines.map(({ position }) => `${position}\n`).join(''), 'base64url')
}

const checkCoverage: (value: unknown) => Coverage = checkOf(
  Type.Object({
    v: Type.Literal(1),
    iss: EntityIdText,
    origin: OriginText,
    peer: EntityIdText,
    from: Count,
    to: Count,
    openedDigest: Base64url32,
    commonDigest: Base64url32,
    narrowed: Type.Optional(
      Type.Array(Type.Object({ position: Count, by: Count }), { minItems: 1, maxItems: limits.narrowedPositions }),
    ),
    ceiling: Type.Optional(Type.Literal('CLEAR')),
    accessAt: Count,
    size: Count,
    iat: Count,
  }),
  'coverage statement',
)

function refuseContradiction({ from, to, size, narrowed = [] }: Coverage): void {
  if (from > to || to > size)
    throw new ProtocolError('COVERAGE', 'a coverage statement runs from from to to within size')
  const isInOrder = narrowed.every(({ position }, i) => i === 0 || position > (narrowed[i - 1]?.position ?? 0))
  const isWithin = narrowed.every(
    ({ position, by }) => from <= position && position < to && position <= by && by < size,
  )
  if (!isInOrder || !isWithin) {
    throw new ProtocolError(
      'COVERAGE',
      'narrowed names ascending positions of the page, and later ones that narrowed them',
    )
  }
}
