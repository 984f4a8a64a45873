import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'

/** An empty folder below the checkout, gone when `t` ends. */
export async function createTestFolder(t: Pick<Test, 'teardown'>): Promise<string> {
  const root = dirname(dirname(dirname(dirname(import.meta.dirname))))
  const folder = join(root, '.data', `test-node-${randomUUID()}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
