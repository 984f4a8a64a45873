import { createECDH, createHash, createPrivateKey } from 'node:crypto'
import type { Algorithm, PrivateJwk } from '../../src/index.ts'

/** A private key that follows from its label, so that every run signs the same bytes. Never used outside tests. */
export function testKey(label: string, alg: Algorithm = 'Ed25519'): PrivateJwk {
  const seed = createHash('sha256').update(`concordance test key ${label}`).digest()
  return alg === 'Ed25519' ? ed25519(seed) : p256(seed)
}

function ed25519(seed: Buffer): PrivateJwk {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const { x = '' } = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  return { kty: 'OKP', crv: 'Ed25519', x, d: seed.toString('base64url'), alg: 'Ed25519', use: 'sig' }
}

function p256(seed: Buffer): PrivateJwk {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(seed)
  const point = ecdh.getPublicKey()
  const x = point.subarray(1, 33).toString('base64url')
  const y = point.subarray(33).toString('base64url')
  return { kty: 'EC', crv: 'P-256', x, y, d: seed.toString('base64url'), alg: 'ES256', use: 'sig' }
}
