import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { startEmbeddedPostgres } from '@concordance/exchange/embedded-postgres'
import { report, runChecks } from '../.setup/checks.ts'
import { type Counts, prepareTap, runTap } from '../.setup/tap.ts'

const root = dirname(import.meta.dirname)
const faultTests = 'test/faults/**/*.test.ts'
const prefix = 'test-postgres-'
const minuteMs = 60_000

/** Everything that must hold: types, lint, arrows, and all tests, or those that are named. */
async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  const isFull = args.includes('--faults')
  const named = args.filter((arg) => !arg.startsWith('--'))
  const checks = await runChecks(root, signal)
  if (!signal.aborted) report(checks)
  prepareTap(root)

  const counts = await withDatabase((databaseUrl) =>
    runTap(root, {
      files: isFull && named.length === 0 ? [faultTests] : named,
      timeoutMs: isFull ? 60 * minuteMs : 4 * minuteMs,
      env: testEnvironment(databaseUrl, isFull),
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
async function withDatabase(run: (url: string) => Promise<Counts>): Promise<Counts> {
  const { DATABASE_URL } = process.env
  if (DATABASE_URL) return run(DATABASE_URL)

  await removeLeftovers(join(root, '.data'))
  const dataDir = join(root, '.data', `${prefix}${process.pid}`)
  const server = await startEmbeddedPostgres({ dataDir })
  try {
    return await run(server.url)
  } finally {
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Servers of earlier runs that were killed before they could remove their folder. */
async function removeLeftovers(data: string): Promise<void> {
  for (const name of await readdir(data).catch(() => [])) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue
    await rm(join(data, name), { recursive: true, force: true })
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
function testEnvironment(databaseUrl: string, isFull: boolean): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...inherited } = process.env
  return {
    ...inherited,
    CONCORDANCE_TEST_DATABASE_URL: databaseUrl,
    CONCORDANCE_FAULTS: isFull ? 'full' : 'tenth',
  }
}

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort())

await main(process.argv.slice(2), stop.signal)
