import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@concordance/exchange/embedded-postgres'
import { Client } from 'pg'
import tap, { type Test } from 'tap'

/**
 * Makes an empty database for one test and drops it, with whatever is still connected, when the test ends.
 * It is on the server that `npm test` lends; a test file that is run by itself starts one in `.data`.
 */
export async function createTestDatabase(t: Pick<Test, 'teardown'>): Promise<{ url: string }> {
  const server = await serverUrl()
  const name = `test_${randomBytes(8).toString('hex')}`
  await execute(server, `create database ${name}`)
  t.teardown(() => execute(server, `drop database if exists ${name} with (force)`))
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href }
}

async function serverUrl(): Promise<string> {
  const { CONCORDANCE_TEST_DATABASE_URL: lent } = process.env
  if (lent) return lent
  ownServer ??= startOwnServer()
  return (await ownServer).url
}

let ownServer: Promise<EmbeddedPostgres> | undefined

/** One a test process, gone with it: tap runs several files at a time, and each may end first. */
async function startOwnServer(): Promise<EmbeddedPostgres> {
  const root = dirname(dirname(import.meta.dirname))
  const dataDir = join(root, '.data', `test-postgres-${process.pid}`)
  const server = await startEmbeddedPostgres({ dataDir })
  tap.teardown(async () => {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return server
}

async function execute(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
