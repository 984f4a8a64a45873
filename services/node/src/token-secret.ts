import { randomBytes } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NodeError } from './error.ts'

const secretBytes = 48
const shortestText = 43 // 32 bytes, as HS256 needs (RFC 7518 §3.2)
const othersMayRead = 0o077

/**
 * The secret that API tokens of this node are signed with; made at its first use, readable by its owner alone.
 *
 * @throws {NodeError} `CONFIG` for a secret that others can read, or a short one.
 */
export async function readTokenSecret(dataDir: string): Promise<string> {
  const path = join(dataDir, 'keys', 'token.secret')
  const drawn = `${randomBytes(secretBytes).toString('base64url')}\n`
  await writeFile(path, drawn, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const { mode } = await stat(path)
  if ((mode & othersMayRead) !== 0)
    throw new NodeError('CONFIG', `${path} is open to other users: allow its owner alone`)
  const secret = (await readFile(path, 'utf8')).trim()
  if (secret.length < shortestText) throw new NodeError('CONFIG', `${path} is too short to be a secret: delete it`)
  return secret
}
