import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type Algorithm,
  createLocalSigner,
  generatePrivateJwk,
  type KeysetDocument,
  originOf,
  type PrivateJwk,
  parseEntityId,
  publicJwkOf,
  type Signer,
  signKeyset,
  thumbprint,
} from '@concordance/protocol'
import type { Signers } from '../deps.ts'
import { ExchangeError } from '../error.ts'

export interface NewIdentity {
  readonly entityId: string
  /** Default Ed25519; ES256 logs have no C2SP note. */
  readonly algorithm?: Algorithm
  readonly now: Date
}

const purposes = ['record', 'log', 'request'] as const
const keysetFile = 'keyset.jws'

/**
 * Makes the keys of an institute and its first keyset document, in `<data>/keys`. The folder appears whole or not at
 * all. Only `root.jwk` can sign later keyset documents: it belongs offline, and the node never needs it.
 *
 * @returns the thumbprint of the root key, which peers pin.
 * @throws {ExchangeError} `conflict` when there are keys already; ProtocolError `ISSUER` for a malformed entity id.
 */
export async function createIdentity(
  dataDir: string,
  { entityId, algorithm = 'Ed25519', now }: NewIdentity,
): Promise<string> {
  const iss = parseEntityId(entityId)
  const root = generatePrivateJwk(algorithm)
  const keys = purposes.map((purpose) => ({ purpose, jwk: generatePrivateJwk(algorithm) }))
  const document: KeysetDocument = {
    v: 1,
    iss,
    origin: originOf(iss),
    seq: 1,
    iat: Math.floor(now.getTime() / 1000),
    keys: keys.map(({ purpose, jwk }) => ({ jwk: publicJwkOf(jwk), purpose, from: 0 })),
    roots: [publicJwkOf(root)],
  }
  const keyset = await signKeyset(document, createLocalSigner(root))
  const files = [{ purpose: 'root', jwk: root }, ...keys].map(({ purpose, jwk }) => [
    `${purpose}.jwk`,
    JSON.stringify(jwk),
  ])
  await writeFolder(join(dataDir, 'keys'), [...files, [keysetFile, keyset]] as [string, string][])
  return thumbprint(publicJwkOf(root))
}

/** The first keyset document, compact. @throws {ExchangeError} `identity-invalid` when there is none. */
export async function readFirstKeyset(dataDir: string): Promise<string> {
  const path = join(dataDir, 'keys', keysetFile)
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new ExchangeError('identity-invalid', 'there is no identity in the data folder: run `concordance init`', {
      cause,
    })
  })
  return text.trim()
}

/**
 * Signers for the private keys in `<data>/keys`.
 *
 * @throws {ExchangeError} `identity-invalid` for a missing or unreadable key, `key-exposed` for one that others can
 * read or anybody else write.
 */
export async function readSigners(dataDir: string): Promise<Signers> {
  const [record, log, request] = await Promise.all(
    purposes.map((purpose) => readSigner(join(dataDir, 'keys', `${purpose}.jwk`))),
  )
  return { record, log, request } as Signers
}

async function readSigner(path: string): Promise<Signer> {
  const { mode } = await stat(path).catch((cause: Error) => {
    throw new ExchangeError('identity-invalid', `${path} is missing`, { cause })
  })
  const readableByOthersOrWritableByGroup = 0o027
  if ((mode & readableByOthersOrWritableByGroup) !== 0) {
    throw new ExchangeError('key-exposed', `${path} is open to other users: allow its owner alone (mode 0600)`)
  }
  try {
    return createLocalSigner(JSON.parse(await readFile(path, 'utf8')) as PrivateJwk)
  } catch {
    // The cause could hold key material.
    throw new ExchangeError('identity-invalid', `${path} does not hold a private JWK`)
  }
}

async function writeFolder(folder: string, files: readonly (readonly [name: string, text: string])[]): Promise<void> {
  const partial = `${folder}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true, mode: 0o700 })
  for (const [name, text] of files) await writeDurably(join(partial, name), `${text}\n`)
  await rename(partial, folder).catch(async (cause: Error) => {
    await rm(partial, { recursive: true, force: true })
    throw new ExchangeError('conflict', 'the data folder already holds keys, which are never overwritten', { cause })
  })
  await syncFolder(dirname(folder))
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
