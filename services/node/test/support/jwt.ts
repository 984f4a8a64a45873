import { constants, createHmac, createPrivateKey, createPublicKey, type JsonWebKey, sign } from 'node:crypto'

/** Parts of a JWT as somebody writes them: an object, or JSON text where its spelling matters. */
export type Part = object | string

/** Gives the signature of an input; a text stands as it is. */
export type Signing = (input: string) => Buffer | string

/** Signs whatever it is given, in whatever way `how` says. */
export function writeJwt(header: Part, claims: Part, how: Signing): string {
  const input = [header, claims].map(encode).join('.')
  const signature = how(input)
  return `${input}.${typeof signature === 'string' ? signature : signature.toString('base64url')}`
}

function encode(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

export function readJwt(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
  return { header: JSON.parse(header ?? ''), claims: JSON.parse(claims ?? '') }
}

/** Ways to sign with one private key, honest and not. */
export function signersOf(jwk: object) {
  const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  const rsa =
    (hash: string, padding: number): Signing =>
    (input) =>
      sign(hash, Buffer.from(input), { key, padding, saltLength: 32 })
  return {
    rs256: rsa('sha256', constants.RSA_PKCS1_PADDING),
    rs384: rsa('sha384', constants.RSA_PKCS1_PADDING),
    ps256: rsa('sha256', constants.RSA_PKCS1_PSS_PADDING),
    /** The public key as the secret of a MAC: RFC 8725 §2.1. */
    hs256: hmac(pem),
  }
}

export function hmac(secret: string): Signing {
  return (input) => createHmac('sha256', secret).update(input).digest()
}
