import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bearer, type Client, createClient, isLoopbackUrl } from '@concordance/client'
import { type Context, dataDirOf } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure, usageFailure } from './failure.ts'
import { findOwnUrl, isOwnUrl } from './own-node.ts'

/** Where a node is, and with what it is asked. */
export interface Address {
  readonly url: string
  readonly token: string | undefined
}

/** Runs `use` with a client of the node that this command line is about, and closes its connections. */
export async function withClient<T>(context: Context, use: (client: Client) => Promise<T>): Promise<T> {
  const { url, token } = addressOf(context)
  const client = createClient({ baseUrl: url, ...(token === undefined ? {} : { authorize: bearer(token) }) })
  try {
    return await use(client)
  } finally {
    await client.close()
  }
}

/**
 * Address: `--url`, CONCORDANCE_URL, or where the node of the data folder listens. Token: `--token`, `--token-file`,
 * CONCORDANCE_TOKEN; the token of the data folder goes to the node of the data folder alone, however that is named.
 *
 * @throws {Failure} for no address, an unreadable token file, or a token that would travel unprotected.
 */
export function addressOf(context: Context): Address {
  const { global, env } = context
  const named = global.url ?? env.CONCORDANCE_URL
  const url = named ?? localUrlOf(context)
  const token = givenTokenOf(context) ?? findSavedToken(context, named)
  if (token !== undefined && URL.canParse(url) && new URL(url).protocol === 'http:' && !isLoopbackUrl(url)) {
    throw usageFailure(
      `${url} would carry the token over the network unprotected`,
      'use an https address, or 127.0.0.1',
    )
  }
  return { url, token }
}

/** Whether `--url` or CONCORDANCE_URL names a node other than that of the data folder. */
export function isElsewhere(context: Context): boolean {
  const { global, env } = context
  const named = global.url ?? env.CONCORDANCE_URL
  return named !== undefined && !isOwnUrl(dataDirOf(context), named)
}

/** Where `token new --save` puts the token. */
export function tokenPathOf(context: Context): string {
  return join(dataDirOf(context), 'token')
}

function givenTokenOf({ global, env }: Context): string | undefined {
  if (global.token !== undefined) return global.token
  if (global.tokenFile === undefined) return env.CONCORDANCE_TOKEN || undefined
  const token = findText(global.tokenFile)
  if (token === undefined)
    throw usageFailure(`${global.tokenFile} cannot be read`, 'name a file that holds an API token')
  return token
}

/** @param named Address that was given; undefined for the node of the data folder. */
function findSavedToken(context: Context, named: string | undefined): string | undefined {
  const saved = findText(tokenPathOf(context))
  if (saved === undefined || named === undefined || isOwnUrl(dataDirOf(context), named)) return saved
  return undefined
}

function localUrlOf(context: Context): string {
  const url = findOwnUrl(dataDirOf(context))
  if (url !== undefined) return url
  throw new Failure({
    what: 'could not find a node to ask',
    why: `there is no node in ${dataDirOf(context)}, and no address was given`,
    remedy: 'pass --url or set CONCORDANCE_URL; or make a node with `concordance init`',
    code: 'NO_NODE',
    exit: exitCodes.usage,
  })
}

function findText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined // its absence is said where it matters
  }
}
