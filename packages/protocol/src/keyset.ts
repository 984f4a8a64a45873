import { Type } from 'typebox'
import { encodeBase64url } from './base64url.ts'
import { ProtocolError } from './error.ts'
import { digestOfCompact, parseCompactUnsafe, signCompact, verifyCompact } from './jws.ts'
import {
  importVerifyKey,
  type KeyPurpose,
  type PublicJwk,
  parsePublicJwk,
  type Signer,
  thumbprint,
  type VerifyKey,
} from './keys.ts'
import { limits } from './limits.ts'
import { isOriginOf, parseEntityId } from './origin.ts'
import { Base64url32, Count, checkOf, EntityIdText, OriginText } from './schema.ts'

export type KeysetKey = {
  jwk: PublicJwk
  purpose: 'record' | 'log' | 'request'
  /** First log position the key may sign for. */
  from: number
  /** Last good log position; `from - 1` where nothing of it is good. Absent while the key is in use. */
  revoked?: number
}

/** All keys of an institute, signed by its root. Old keys stay listed, so that old records stay checkable. */
export type KeysetDocument = {
  v: 1
  iss: string
  origin: string
  /** From 1, without gaps. */
  seq: number
  /** Base64url SHA-256 of the previous document's JWS; absent exactly where `seq` is 1. */
  prev?: string
  iat: number
  keys: KeysetKey[]
  /** The first signs this document; the others may sign the next one. */
  roots: PublicJwk[]
}

/** A verified keyset document. */
export interface Keyset {
  readonly document: KeysetDocument
  readonly compact: string
  /** Base64url SHA-256 of `compact`. */
  readonly digest: string
  /**
   * The key with this purpose that is good at a log position; without a position, one that is not revoked at all.
   * Validity is judged by position, never by a signer's clock.
   */
  findKey(kid: string, purpose: KeyPurpose, position?: number): VerifyKey | undefined
}

/**
 * Signs a keyset document with the first of its roots.
 *
 * @throws {ProtocolError} The codes of `verifyKeyset`, where no receiver would accept the document.
 */
export async function signKeyset(document: KeysetDocument, root: Signer): Promise<string> {
  const { roots } = readDocument(document)
  if (roots[0]?.kid !== root.kid) throw new ProtocolError('KEYSET', 'the first root signs')
  return signCompact('concordance-keyset+jwt', document, root)
}

/**
 * Verifies one link of the chain of keyset documents. The first link is signed by the pinned root, each later one by a
 * root that the previous document lists, so that a root rotated out has no say. The previous document itself is
 * accepted again.
 *
 * @param trust.pin Thumbprint of the root key, exchanged out of band; decides where there is no `previous`.
 * @throws {ProtocolError} `PIN_MISMATCH`, `KEYSET` where the chain is broken or the document contradicts itself,
 *   `ISSUER`, `ORIGIN`, `KEY_MALFORMED`, `KEY_REFUSED`, `SIGNATURE_INVALID` and the codes of `parseCompactUnsafe`.
 */
export function verifyKeyset(compact: string, trust: { pin: string; previous?: Keyset; iss: string }): Keyset {
  const { previous } = trust
  if (previous?.compact === compact && previous.document.iss === trust.iss) return previous
  const jws = parseCompactUnsafe(compact, 'concordance-keyset+jwt', limits.keysetBytes)
  const opened = readDocument(jws.payload)
  if (opened.document.iss !== trust.iss) throw new ProtocolError('ISSUER', 'the keyset document is of another issuer')
  verifyCompact(jws, getRoot(jws.header.kid, opened, trust))
  if (previous !== undefined) refuseBrokenChain(opened.document, previous)
  return toKeyset(opened, compact)
}

/**
 * As `findKey`, but says why there is none.
 *
 * @throws {ProtocolError} `KEY_UNKNOWN`, `KEY_PURPOSE` or `KEY_REVOKED`.
 */
export function getKey(keyset: Keyset, kid: string, purpose: KeyPurpose, position?: number): VerifyKey {
  const key = keyset.findKey(kid, purpose, position)
  if (key !== undefined) return key
  const entry = keyset.document.keys.find(({ jwk }) => thumbprint(jwk) === kid)
  if (entry === undefined) throw new ProtocolError('KEY_UNKNOWN', 'the keyset in force holds no such key')
  if (entry.purpose !== purpose)
    throw new ProtocolError('KEY_PURPOSE', `the key is for ${entry.purpose}, not ${purpose}`)
  throw new ProtocolError('KEY_REVOKED', 'the key is not valid at this position')
}

type OpenedDocument = { document: KeysetDocument; keys: Map<string, KeysetKey>; roots: VerifyKey[] }

const checkDocument = checkOf(
  Type.Object({
    v: Type.Literal(1),
    iss: EntityIdText,
    origin: OriginText,
    seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    prev: Type.Optional(Base64url32),
    iat: Count,
    keys: Type.Array(
      Type.Object({
        jwk: Type.Unknown(),
        purpose: Type.Enum(['record', 'log', 'request']),
        from: Count,
        revoked: Type.Optional(Type.Integer({ minimum: -1, maximum: Number.MAX_SAFE_INTEGER })),
      }),
      { maxItems: limits.keysetKeys },
    ),
    roots: Type.Array(Type.Unknown(), { minItems: 1, maxItems: limits.keysetRoots }),
  }),
  'keyset document',
  'KEYSET',
)

function readDocument(payload: unknown): OpenedDocument {
  const document = checkDocument(payload) as KeysetDocument
  const { iss, origin, seq, prev } = document
  parseEntityId(iss)
  if (!isOriginOf(iss, origin)) throw new ProtocolError('ORIGIN', 'the origin is not one of the issuer')
  if (seq > 1 !== (prev !== undefined)) throw new ProtocolError('KEYSET', 'prev stands exactly where seq is above 1')
  return { document, ...indexKeys(document) }
}

function indexKeys(document: KeysetDocument): Pick<OpenedDocument, 'keys' | 'roots'> {
  const roots = document.roots.map((jwk) => importVerifyKey(parsePublicJwk(jwk)))
  const keys = new Map<string, KeysetKey>()
  const names = new Set(roots.map((root) => root.kid))
  for (const key of document.keys) {
    const kid = thumbprint(parsePublicJwk(key.jwk))
    names.add(kid)
    keys.set(kid, key)
    if (key.revoked !== undefined && key.revoked < key.from - 1) {
      throw new ProtocolError('KEYSET', 'a key is revoked before it is valid')
    }
  }
  if (names.size !== roots.length + document.keys.length) {
    throw new ProtocolError('KEYSET', 'a key stands twice in one document, or has two purposes')
  }
  return { keys, roots }
}

/** The root that may sign, and does: the first of the document, and trusted by the pin or by the previous document. */
function getRoot(kid: string, { roots }: OpenedDocument, trust: { pin: string; previous?: Keyset }): VerifyKey {
  const [root] = roots
  if (root === undefined || root.kid !== kid) throw new ProtocolError('KEYSET', 'not signed by the first of its roots')
  if (trust.previous === undefined && kid !== trust.pin) {
    throw new ProtocolError('PIN_MISMATCH', 'the keyset document is not signed by the pinned root')
  }
  if (trust.previous !== undefined && trust.previous.findKey(kid, 'root') === undefined) {
    throw new ProtocolError('KEYSET', 'the root is not one that the previous document lists')
  }
  return root
}

function refuseBrokenChain(document: KeysetDocument, previous: Keyset): void {
  if (document.seq !== previous.document.seq + 1 || document.prev !== previous.digest) {
    throw new ProtocolError('KEYSET', `the document does not follow number ${previous.document.seq}`)
  }
}

function toKeyset({ document, keys, roots }: OpenedDocument, compact: string): Keyset {
  const imported = new Map<string, VerifyKey>()
  const findKey: Keyset['findKey'] = (kid, purpose, position) => {
    if (purpose === 'root') return roots.find((root) => root.kid === kid)
    const key = keys.get(kid)
    if (key === undefined || key.purpose !== purpose || !isGoodAt(key, position)) return undefined
    const known = imported.get(kid) ?? importVerifyKey(key.jwk)
    imported.set(kid, known)
    return known
  }
  return { document, compact, digest: encodeBase64url(digestOfCompact(compact)), findKey }
}

function isGoodAt({ from, revoked }: KeysetKey, position: number | undefined): boolean {
  if (position === undefined) return revoked === undefined
  return from <= position && (revoked === undefined || position <= revoked)
}
