import { hash, type KeyObject, verify } from 'node:crypto'
import { importVerifyKey, type PublicJwk, parsePublicJwk, type Signer, thumbprint } from '@concordance/protocol'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { LogError } from './error.ts'
import { emptyRoot, type Hash, hashBytes, isSameHash } from './hash.ts'

/** Size and root of a log under its origin: what a C2SP tlog-checkpoint note says. */
export interface NoteCheckpoint {
  readonly origin: string
  readonly size: number
  readonly root: Hash
}

/** One signature line of a signed note. The key id is a hint and nothing more. */
export interface NoteSignature {
  readonly name: string
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
}

const signatureType = 1 // Ed25519 (C2SP signed-note)
const keyIdBytes = 4
/** So many must be accepted (C2SP signed-note), each with up to some 7,000 characters of a post-quantum signature. */
const signaturesAtMost = 16
const noteCharsAtMost = 131_072
const sizePattern = /^(0|[1-9][0-9]{0,15})$/
const namePattern = /^[^\s+\p{Cc}]{1,220}$/u

/**
 * Signs a checkpoint as a C2SP signed note under the origin's name.
 *
 * @param jwk Public key of `signer`, Ed25519.
 * @throws {LogError} `NOTE_MALFORMED` for another key, and for what no reader of notes would accept.
 */
export async function signNote(checkpoint: NoteCheckpoint, signer: Signer, jwk: PublicJwk): Promise<string> {
  const { origin, size, root } = checkpoint
  const keyId = keyIdOf(checkName(origin), publicBytesOf(jwk))
  if (thumbprint(jwk) !== signer.kid) throw new LogError('NOTE_MALFORMED', 'the key is not the one that signs')
  const text = `${origin}\n${size}\n${encodeBase64(root)}\n`
  parseNoteCheckpoint(text)
  const signature = await signer.sign(Buffer.from(text, 'utf8'))
  return `${text}\n— ${origin} ${encodeBase64(Buffer.concat([keyId, signature]))}\n`
}

/**
 * The verifier key of a log: `name+hex key id+base64 of type and public key` (C2SP signed-note).
 *
 * @throws {LogError} `NOTE_MALFORMED` unless Ed25519, and for a name that cannot stand in a note.
 */
export function vkeyOf(name: string, jwk: PublicJwk): string {
  checkName(name)
  const bytes = publicBytesOf(jwk)
  const key = encodeBase64(Buffer.concat([Uint8Array.of(signatureType), bytes]))
  return `${name}+${Buffer.from(keyIdOf(name, bytes)).toString('hex')}+${key}`
}

/**
 * Splits a signed note into its text and signatures. Unsafe: no signature is checked.
 *
 * @throws {LogError} `NOTE_MALFORMED`.
 */
export function parseNoteUnsafe(note: string): { text: string; signatures: NoteSignature[] } {
  if (note.length > noteCharsAtMost) throw malformed(`is longer than ${noteCharsAtMost} characters`)
  // Everything but line feeds that is a control character, or half of one, has no place in a note.
  if (!note.isWellFormed() || /[^\P{Cc}\n]/u.test(note)) throw malformed('holds control characters')
  const split = note.lastIndexOf('\n\n')
  if (split < 1 || !note.endsWith('\n')) throw malformed('has no text, blank line and signatures')
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > signaturesAtMost) throw malformed(`has more than ${signaturesAtMost} signatures`)
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignature) }
}

/**
 * Verifies a note under the given verifier keys and returns its text. Signatures of unknown keys are passed over; a
 * wrong signature of a known key refuses the note.
 *
 * @throws {LogError} `NOTE_MALFORMED`, or `NOTE_SIGNATURE`.
 */
export function verifyNote(note: string, vkeys: readonly string[]): string {
  const { text, signatures } = parseNoteUnsafe(note)
  const known = vkeys.map(parseVkey)
  let verified = 0
  for (const { name, keyId, signature } of signatures) {
    const key = known.find((vkey) => vkey.name === name && Buffer.compare(vkey.keyId, keyId) === 0)
    if (!key) continue
    if (!verify(null, Buffer.from(text, 'utf8'), key.publicKey, signature)) throw wrongSignature()
    verified++
  }
  if (verified === 0) throw wrongSignature()
  return text
}

/**
 * The three lines of a checkpoint note (C2SP tlog-checkpoint). Extension lines are refused: nobody audits them.
 *
 * @param text Of a note, verified or not.
 * @throws {LogError} `NOTE_MALFORMED`.
 */
export function parseNoteCheckpoint(text: string): NoteCheckpoint {
  const [origin, size, root, end, ...more] = text.split('\n')
  if (end !== '' || more.length > 0) throw malformed('is not exactly origin, size and root')
  if (!origin || !size || !sizePattern.test(size) || !Number.isSafeInteger(Number(size)) || !root) {
    throw malformed('holds no origin, size or root')
  }
  const bytes = decodeBase64(root)
  if (bytes?.length !== hashBytes) throw malformed('holds no root of 32 bytes')
  if (size === '0' && !isSameHash(bytes, emptyRoot)) throw malformed('gives the empty log another root')
  return { origin, size: Number(size), root: bytes }
}

function parseSignature(line: string): NoteSignature {
  const [dash, name, encoded, ...more] = line.split(' ')
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded)
  if (dash !== '—' || !name || !namePattern.test(name) || !bytes || bytes.length <= keyIdBytes || more.length > 0) {
    throw malformed('has a malformed signature line')
  }
  return { name, keyId: bytes.subarray(0, keyIdBytes), signature: bytes.subarray(keyIdBytes) }
}

interface NoteKey {
  readonly name: string
  readonly keyId: Uint8Array
  readonly publicKey: KeyObject
}

function parseVkey(vkey: string): NoteKey {
  const [name = '', id = '', ...rest] = vkey.split('+')
  const bytes = decodeBase64(rest.join('+'))
  if (!namePattern.test(name) || bytes?.length !== 33 || bytes[0] !== signatureType) {
    throw new LogError('NOTE_MALFORMED', 'not a verifier key for Ed25519')
  }
  const key = bytes.subarray(1)
  const keyId = keyIdOf(name, key)
  if (Buffer.from(keyId).toString('hex') !== id)
    throw new LogError('NOTE_MALFORMED', 'the key id is not that of the key')
  return { name, keyId, publicKey: importKey(key) }
}

function importKey(bytes: Uint8Array): KeyObject {
  try {
    const x = Buffer.from(bytes).toString('base64url')
    return importVerifyKey(parsePublicJwk({ kty: 'OKP', crv: 'Ed25519', x, alg: 'Ed25519', use: 'sig' })).keyObject
  } catch (error) {
    throw new LogError('NOTE_MALFORMED', 'the key is not safe to trust', { cause: error })
  }
}

function checkName(name: string): string {
  if (!namePattern.test(name)) throw new LogError('NOTE_MALFORMED', 'the name cannot stand in a note')
  return name
}

function keyIdOf(name: string, publicBytes: Uint8Array): Uint8Array {
  const input = Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), Uint8Array.of(signatureType), publicBytes])
  return hash('sha256', input, 'buffer').subarray(0, keyIdBytes)
}

function publicBytesOf(jwk: PublicJwk): Uint8Array {
  if (jwk.kty !== 'OKP') throw new LogError('NOTE_MALFORMED', 'a note is signed with Ed25519 alone')
  return Buffer.from(jwk.x, 'base64url')
}

function malformed(what: string): LogError {
  return new LogError('NOTE_MALFORMED', `the note ${what}`)
}

function wrongSignature(): LogError {
  return new LogError('NOTE_SIGNATURE', 'no known key signed the note, or its signature does not verify')
}
