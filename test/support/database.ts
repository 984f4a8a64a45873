import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@concordance/exchange/embedded-postgres'
import tap, { type Test } from 'tap'
import { copyOf, createTemplate, execute, urlOf } from './template.ts'

/** A server, and on it a database of this release with nothing in it. */
export interface TestServer {
  /** Superuser, or at least of a role that may create databases. */
  readonly url: string
  readonly template: string
}

/** The server that `npm test` lends; a test file that is run by itself starts one in `.data`. */
export async function testServer(): Promise<TestServer> {
  const { CONCORDANCE_TEST_DATABASE_URL: url, CONCORDANCE_TEST_TEMPLATE: template } = process.env
  if (url && template) return { url, template }
  ownServer ??= startOwnServer()
  return ownServer
}

/**
 * Makes a database of this release, without content, for one test, and drops it, with whatever is still connected, when the
 * test ends.
 */
export async function createTestDatabase(t: Pick<Test, 'teardown'>): Promise<{ url: string }> {
  const { template } = await testServer()
  return createDatabase(t, copyOf(template))
}

/** The same before any migration. */
export function createEmptyDatabase(t: Pick<Test, 'teardown'>): Promise<{ url: string }> {
  return createDatabase(t, '')
}

async function createDatabase(t: Pick<Test, 'teardown'>, how: string): Promise<{ url: string }> {
  const { url: server } = await testServer()
  const name = `test_${randomBytes(8).toString('hex')}`
  await execute(server, `create database ${name} ${how}`)
  t.teardown(() => execute(server, `drop database if exists ${name} with (force)`))
  return { url: urlOf(server, name) }
}

let ownServer: Promise<TestServer> | undefined

/** One a test process, gone with it: several files run at a time, and each may end first. */
async function startOwnServer(): Promise<TestServer> {
  const root = dirname(dirname(import.meta.dirname))
  const dataDir = join(root, '.data', `concordance-test-postgres-${process.pid}`)
  const server: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir })
  tap.teardown(async () => {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return { url: server.url, template: await createTemplate(server.url) }
}
