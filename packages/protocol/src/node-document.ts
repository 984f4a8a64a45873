import { Type } from 'typebox'
import { ProtocolError } from './error.ts'
import { parseCompactUnsafe, signCompact, verifyCompact } from './jws.ts'
import type { Signer } from './keys.ts'
import { getKey, type Keyset, verifyKeyset } from './keyset.ts'
import { limits } from './limits.ts'
import { Count, checkOf, EntityIdText, JwsText, LanguageTag, OriginText } from './schema.ts'

/** What a node says of itself at `/.well-known/concordance`, signed with its `log` key. */
export type NodeDocument = {
  v: 1
  iss: string
  origin: string
  /** URL the node is reached at, as it believes; peers go only where their own configuration says. */
  base: string
  /** Newest keyset document, compact JWS. */
  keyset: string
  /** Protocol versions spoken, such as `1.0`. */
  versions: string[]
  features: string[]
  limits: { [name: string]: number }
  contact?: string
  name?: { [language: string]: string }
  iat: number
}

/** @throws {ProtocolError} `SCHEMA`. */
export async function signNodeDocument(document: NodeDocument, signer: Signer): Promise<string> {
  checkDocument(document)
  return signCompact('concordance-node+jwt', document, signer)
}

/**
 * Verifies a node document: its keyset by the pin or by the keyset already held, then the document by that keyset.
 *
 * @throws {ProtocolError} `SCHEMA`, `ISSUER`, `ORIGIN`, `SIGNATURE_INVALID`, and the codes of `verifyKeyset`: `KEYSET`
 *   also where the node is more than one keyset ahead, which only its log can bridge.
 */
export function verifyNodeDocument(
  compact: string,
  trust: { pin: string; previous?: Keyset; iss: string },
): { document: NodeDocument; keyset: Keyset } {
  const jws = parseCompactUnsafe(compact, 'concordance-node+jwt', limits.nodeDocumentBytes)
  const document = checkDocument(jws.payload)
  const keyset = verifyKeyset(document.keyset, trust)
  if (document.iss !== trust.iss) throw new ProtocolError('ISSUER', 'the node document is of another issuer')
  if (document.origin !== keyset.document.origin)
    throw new ProtocolError('ORIGIN', 'the node document is of another log')
  verifyCompact(jws, getKey(keyset, jws.header.kid, 'log'))
  return { document, keyset }
}

const checkDocument: (value: unknown) => NodeDocument = checkOf(
  Type.Object({
    v: Type.Literal(1),
    iss: EntityIdText,
    origin: OriginText,
    base: Type.String({ pattern: '^https?://[\\x21-\\x7e]+$', maxLength: 500 }),
    keyset: JwsText,
    versions: Type.Array(Type.String({ pattern: '^[0-9]{1,3}\\.[0-9]{1,3}$' }), { minItems: 1, maxItems: 16 }),
    features: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }),
    limits: Type.Record(Type.String({ pattern: '^[A-Za-z]{1,64}$' }), Count, { maxProperties: 64 }),
    contact: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    name: Type.Optional(Type.Record(LanguageTag, Type.String({ minLength: 1, maxLength: 200 }), { maxProperties: 64 })),
    iat: Count,
  }),
  'node document',
)
