import { readdir, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { startEmbeddedPostgres } from '@concordance/exchange/embedded-postgres'
import { report, runChecks } from '../.setup/checks.ts'
import { type Counts, runTests } from '../.setup/run-tests.ts'
import { createTemplate, dropTemplate } from './support/template.ts'

const root = dirname(import.meta.dirname)
/** What does a tenth of its work in `npm test` and all of it in `npm run test:faults`. */
const faultTests = [
  'test/federation/convergence.test.ts#1/3',
  'test/federation/convergence.test.ts#2/3',
  'test/federation/convergence.test.ts#3/3',
  'test/faults/kill-at-a-tick.test.ts',
  'test/faults/kill-postgres.test.ts',
  'test/faults/kill-while-publishing.test.ts',
  'test/faults/kill-while-syncing.test.ts',
  'packages/importers/test/import-file.test.ts',
]
const prefix = 'concordance-test-postgres-'
const memory = '/dev/shm'
const roomBytes = 4 * 2 ** 30
const minuteMs = 60_000

/** Everything that must hold: types, lint, arrows, and all tests, or those that are named. */
async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  const isFull = args.includes('--faults')
  const named = args.filter((arg) => !arg.startsWith('--'))
  const checks = await runChecks(root, signal)
  if (!signal.aborted) report(checks)

  const counts = await withDatabase((databaseUrl, template) =>
    runTests(root, {
      files: isFull && named.length === 0 ? faultTests : named,
      timeoutMs: isFull ? 120 * minuteMs : 8 * minuteMs,
      env: testEnvironment(databaseUrl, template, isFull),
      signal,
    }),
  )
  if (signal.aborted) {
    process.stderr.write('stopped before the end\n')
    process.exitCode = 130
    return
  }
  for (const { passed } of checks) counts[passed ? 'passed' : 'failed'] += 1
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`)
  process.exitCode = counts.failed === 0 ? 0 : 1
}

/** Lends a server to all tests: the one that DATABASE_URL names, or one of its own that is gone afterwards. */
async function withDatabase(run: (url: string, template: string) => Promise<Counts>): Promise<Counts> {
  const { DATABASE_URL } = process.env
  if (DATABASE_URL) return withTemplate(DATABASE_URL, run)

  for (const place of [memory, join(root, '.data')]) await removeLeftovers(place)
  const dataDir = join(await choosePlace(), `${prefix}${process.pid}`)
  const server = await startEmbeddedPostgres({ dataDir })
  try {
    return await withTemplate(server.url, run)
  } finally {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function withTemplate(url: string, run: (url: string, template: string) => Promise<Counts>): Promise<Counts> {
  const template = await createTemplate(url)
  try {
    return await run(url, template)
  } finally {
    await dropTemplate(url, template)
  }
}

/**
 * In memory where there is plenty: a server made for tests need not outlive a crash, and most of what they would wait for is
 * the disk. Tests that kill a server bring one of their own.
 */
async function choosePlace(): Promise<string> {
  const room = await statfs(memory).then(
    ({ bavail, bsize }) => Math.min(bavail * bsize, process.availableMemory()),
    () => 0,
  )
  return room >= roomBytes ? memory : join(root, '.data')
}

/** Servers of earlier runs that were killed before they could remove their folder. */
async function removeLeftovers(place: string): Promise<void> {
  for (const name of await readdir(place).catch(() => [])) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue
    await rm(join(place, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Tests see the server under a name of its own, so that none takes DATABASE_URL for its own database. */
function testEnvironment(databaseUrl: string, template: string, isFull: boolean): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...inherited } = process.env
  return {
    ...inherited,
    NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'concordance-tests'),
    CONCORDANCE_TEST_DATABASE_URL: databaseUrl,
    CONCORDANCE_TEST_TEMPLATE: template,
    CONCORDANCE_FAULTS: isFull ? 'full' : 'tenth',
  }
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort())

await main(process.argv.slice(2), stop.signal)
