/**
 * Published cases that are valid by their own standard and that the profile of `docs/protocol.md` refuses, each with
 * its rule. A test fails where a case listed here is accepted, or one that is not listed is refused.
 */

/** Doubles of `jcs/numbers.json`, by their hexadecimal form. */
export const refusedNumbers: Readonly<Record<string, string>> = {
  '4340000000000001': 'integer beyond 2^53-1',
  '4340000000000002': 'integer beyond 2^53-1',
  '8000000000000000': 'minus zero',
}

export type ProfileRule = keyof typeof rules

export const rules = {
  symmetric: 'No symmetric algorithm (HS256, HS384, HS512): between institutes nobody shares a secret.',
  rsa: 'No RSA (RS256, PS256 and their like): two algorithms are enough.',
  curve: 'Of the curves for ECDSA only P-256 (ES256).',
  highS: 'Of an ECDSA signature and its twin, which anybody can compute, only the one with the lower s.',
  eddsa: 'The algorithm is named Ed25519 (RFC 9864), never EdDSA.',
  serialization: 'Compact serialization only: no JSON serialization, no unprotected header, no second signature.',
  detached: 'No detached payload: every segment has content.',
  encryption: 'No encryption (JWE): a message has three segments.',
  unencoded: 'No unencoded payload (RFC 7797): every segment is base64url.',
} as const

/** Valid signatures of `wycheproof/`, by file and rule: the numbers are `tcId`. */
export const refusedWycheproof: Readonly<Record<string, Partial<Record<ProfileRule, readonly number[]>>>> = {
  'json_web_signature_test.json': {
    symmetric: [1, 348, 352, 357, 358, 359, 372, 373, 376, 377],
    rsa: [
      33, 259, 260, 261, 262, 263, 264, 265, 266, 267, 268, 269, 270, 271, 272, 273, 274, 275, 287, 288, 320, 321, 322,
      323, 325, 326, 327, 328, 345, 346, 349, 350,
    ],
    curve: [347, 351],
    highS: [18],
  },
  'json_web_key_test.json': { symmetric: [2, 13, 14, 15], rsa: [5] },
  'json_web_crypto_test.json': { symmetric: [1, 48], rsa: [33], encryption: [50, 67], highS: [18] },
  'ecdsa_secp256r1_sha256_p1363_test.json': {
    highS: [
      64, 66, 67, 68, 71, 77, 78, 80, 81, 85, 86, 87, 94, 95, 96, 100, 102, 104, 105, 107, 110, 111, 114, 115, 117, 118,
      138, 139, 140, 141, 142, 171, 172, 175, 176, 177, 180, 183, 189, 190, 191, 192, 195, 196, 197, 199, 200, 204, 210,
      211, 216, 217, 226, 227, 229, 233, 234, 237, 240, 242, 243, 244, 246, 248, 249, 250, 252, 253, 257, 262,
    ],
  },
}

/** Valid signatures of `jose-cookbook/`, by file. */
export const refusedCookbook: Readonly<Record<string, ProfileRule>> = {
  'rfc7520-4.3-es512.json': 'curve',
  'rfc7520-4.5-detached.json': 'detached',
  'rfc7520-4.6-protected-and-unprotected.json': 'serialization',
  'rfc7520-4.7-unprotected-only.json': 'serialization',
  'rfc7520-4.8-multiple-signatures.json': 'serialization',
  'rfc7797-4.2-b64-false.json': 'serialization',
  'rfc7797-b64-false.json': 'unencoded',
  'rfc8037-ed25519-jws.json': 'eddsa',
}
