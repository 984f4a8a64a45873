import { createHash } from 'node:crypto'
import {
  type Algorithm,
  createLocalSigner,
  encodeBase64url,
  encodeBody,
  type GateContext,
  type JsonObject,
  type Keyset,
  type KeysetDocument,
  leafHashOf,
  leafInputOf,
  originOf,
  publicJwkOf,
  type Signer,
  type Statement,
  signKeyset,
  signStatement,
  thumbprint,
  verifyKeyset,
  type WireEntry,
} from '../../src/index.ts'
import { testKey } from './test-key.ts'

export interface Institute {
  readonly iss: string
  readonly origin: string
  readonly pin: string
  readonly signers: { root: Signer; record: Signer; log: Signer; request: Signer }
  readonly document: KeysetDocument
  readonly keyset: Keyset
  /** What a follower knows before position 0. */
  context(): GateContext
}

export const finding = '01890a5d-ac96-774b-bcce-b302099a8057'

export const observed = {
  seen: { en: 'Voice agents refuse Swahili.' },
  country: 'KE',
  sector: 'health',
  howOften: 'weekly',
  wish: { en: 'A joint test.' },
}

export async function createInstitute(host = 'a.example', alg: Algorithm = 'Ed25519'): Promise<Institute> {
  const iss = `https://${host}`
  const origin = originOf(iss)
  const keys = {
    root: testKey(`${host} root`),
    record: testKey(`${host} record`, alg),
    log: testKey(`${host} log`, alg),
    request: testKey(`${host} request`, alg),
  }
  const document: KeysetDocument = {
    v: 1,
    iss,
    origin,
    seq: 1,
    iat: 1_700_000_000,
    keys: (['record', 'log', 'request'] as const).map((purpose) => ({
      jwk: publicJwkOf(keys[purpose]),
      purpose,
      from: 0,
    })),
    roots: [publicJwkOf(keys.root)],
  }
  const signers = {
    root: createLocalSigner(keys.root),
    record: createLocalSigner(keys.record),
    log: createLocalSigner(keys.log),
    request: createLocalSigner(keys.request),
  }
  const pin = thumbprint(keys.root)
  const keyset = verifyKeyset(await signKeyset(document, signers.root), { pin, iss })
  const context = () => ({ iss, origin, pin, keyset: undefined })
  return { iss, origin, pin, signers, document, keyset, context }
}

/** Bytes that follow from a label, base64url. */
export function bytesOf(label: string, size: 16 | 32): string {
  return encodeBase64url(createHash('sha256').update(label).digest().subarray(0, size))
}

export interface Recipe {
  type?: string
  content?: JsonObject
  /** Changes to the statement before it is signed. */
  change?: Partial<Statement>
  signer?: Signer
}

/** An honest entry as it travels, of an observation unless told otherwise. */
export async function entryAt(institute: Institute, position: number, recipe: Recipe = {}): Promise<WireEntry> {
  const { type = 'observation', content = observed, change = {}, signer = institute.signers.record } = recipe
  const { iss, origin } = institute
  const body = encodeBody(type, content, { iss, salt: bytesOf(`${iss} salt ${position}`, 32) })
  const statement: Statement = {
    v: 1,
    iss,
    log: origin,
    type,
    finding,
    version: 1,
    iat: 1_700_000_000 + position,
    nonce: bytesOf(`${iss} nonce ${position}`, 16),
    mark: { tlp: 'CLEAR', relay: 'any' },
    rel: [],
    lang: 'en',
    body: { digest: body.digest, size: body.size, type: body.mediaType },
    ...change,
  }
  const { compact, recordId } = await signStatement(statement, signer)
  return { position, leaf: leafOf(recordId), state: 'open', statement: compact, body: body.text }
}

export function leafOf(recordId: string): string {
  return encodeBase64url(leafHashOf(leafInputOf(recordId)))
}

/** Position 0 of every log, or a later change of keys. */
export function keysetEntryAt(
  institute: Institute,
  position = 0,
  document = institute.keyset.compact,
): Promise<WireEntry> {
  return entryAt(institute, position, { type: 'keyset', content: { document } })
}

/** A log of `size` entries from position 0. */
export async function logOf(institute: Institute, size: number): Promise<WireEntry[]> {
  const rest = Array.from({ length: size - 1 }, (_, index) => entryAt(institute, index + 1))
  return Promise.all([keysetEntryAt(institute), ...rest])
}
