/** Stable: peers, the console and the command branch on the code and never on a message. */
export type ProtocolErrorCode =
  | 'JSON_MALFORMED' // not JSON at all, or not UTF-8, or a value JSON cannot carry
  | 'JSON_NOT_CANONICAL' // JSON, but not the one spelling of RFC 8785
  | 'JSON_TOO_LARGE' // more bytes than the limit for this kind of text
  | 'JSON_TOO_DEEP' // nested deeper than `limits.jsonDepth`
  | 'BASE64URL_MALFORMED' // wrong alphabet, padding, or set bits that carry nothing
  | 'JWS_MALFORMED' // not three strict base64url segments
  | 'JWS_HEADER' // header members are not exactly alg, kid and typ, in canonical form
  | 'JWS_TYPE' // a message of another kind
  | 'ALGORITHM_REFUSED' // neither Ed25519 nor ES256, or not the algorithm of the key
  | 'KEY_MALFORMED' // not a public JWK of the two kinds in use
  | 'KEY_REFUSED' // well formed but unsafe: low order, non-canonical, off the curve
  | 'KEY_UNKNOWN' // the keyset in force holds no such key
  | 'KEY_PURPOSE' // the key is there, for another purpose
  | 'KEY_REVOKED' // the key is not valid at this position of the log
  | 'SIGNATURE_INVALID'
  | 'SCHEMA' // a known member is missing or has the wrong form
  | 'MARKING' // the marking is missing, unknown or contradicts itself
  | 'TOO_LARGE' // a statement, body or document beyond its limit
  | 'ISSUER' // not an entity id, or not the one expected here
  | 'ORIGIN' // not the log expected here
  | 'DIGEST_MISMATCH' // the body is not the one the statement commits to
  | 'LEAF_MISMATCH' // the statement is not the one the leaf commits to
  | 'KEYSET' // a keyset document that does not continue the chain, or contradicts itself
  | 'PIN_MISMATCH' // the first keyset document is not signed by the pinned root
  | 'TOKEN_AUDIENCE'
  | 'TOKEN_TARGET'
  | 'TOKEN_METHOD'
  | 'TOKEN_BODY'
  | 'TOKEN_TIME'
  | 'ACCESS' // a page of an access feed that contradicts itself
  | 'COVERAGE' // a coverage statement that contradicts itself or its keyset
  | 'TYPE_UNKNOWN' // no such record type in this version
  | 'PAGE' // a page of entries that is malformed or out of order

/** Thrown by everything in this package; messages hold no content of records and no secret. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
