import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { urlOf } from './address.ts'
import { filesOf } from './files.ts'
import { isServed } from './leftover.ts'

/**
 * Connection URL of the server that a living process of this node runs on `dataDir`; undefined where none runs. For
 * commands of the operator beside a running node: only who may read the folder learns the password.
 */
export async function findEmbeddedPostgres(dataDir: string): Promise<string | undefined> {
  const files = filesOf(resolve(dataDir))
  if (!(await isServed(files))) return undefined
  const [password, port] = await Promise.all([files.password, files.port].map((file) => readFile(file, 'utf8')))
  return urlOf(files, password?.trim() ?? '', Number(port))
}
