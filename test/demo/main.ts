import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startEmbeddedPostgres } from '@concordance/exchange/embedded-postgres'
import { type Network, startNetwork } from '../network/start-network.ts'
import { institutes } from './institutes.ts'
import { type Counts, runJourney } from './journey.ts'
import { countsOf, isJourneyDone, markJourneyDone } from './memory.ts'
import { openProviders } from './people.ts'
import { say, sayTable } from './say.ts'

/** `npm start` stays until Ctrl-C and resumes; `npm start -- --once` runs the journey, prints one JSON line and ends. */
const once = process.argv.includes('--once')
const root = fileURLToPath(new URL('../../.data/', import.meta.url))
const dataDir = once ? `${root}demo-once-${process.pid}` : `${root}demo`
const started = performance.now()
const providers = openProviders()

const stopping = Promise.withResolvers<void>()
let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

process.exitCode = await main()

async function main(): Promise<number> {
  say(`data folder: ${dataDir.slice(root.length - '.data/'.length)}`)
  const server = await startEmbeddedPostgres({ dataDir: `${dataDir}/postgres` })
  say('PostgreSQL is up (embedded, loopback only)')
  try {
    return once ? await runOnce(server.url) : await runUntilStopped(server.url)
  } catch (error) {
    // A journey that is cut short fails wherever it stands, and says nothing about the project by it.
    if (isStopping) return 130
    throw error
  } finally {
    await providers.stop()
    await server.stop()
    if (once) await rm(dataDir, { recursive: true, force: true })
    say(once ? 'everything is stopped and removed' : 'everything is stopped; `npm start` goes on from here')
  }
}

function stop(): void {
  isStopping = true
  stopping.resolve()
}

async function runOnce(serverUrl: string): Promise<number> {
  const counts = await journey(serverUrl)
  process.stdout.write(`${JSON.stringify(counts.json)}\n`)
  return counts.held ? 0 : 1
}

async function runUntilStopped(serverUrl: string): Promise<number> {
  if (!(await isJourneyDone(dataDir))) {
    const { held } = await journey(serverUrl)
    if (!held) return 1
    await markJourneyDone(dataDir)
  }
  const network = await open(serverUrl, false)
  try {
    await sayTable(network, await countsOf(network))
    say('Ctrl-C stops everything.')
    await stopping.promise
    return 0
  } finally {
    await network.stop()
  }
}

/** The whole story once: publish, a partition, tampering, catching it, converging, searching, proving. */
async function journey(serverUrl: string): Promise<Counts> {
  const network = await open(serverUrl, true)
  try {
    const counts = await runJourney(network, serverUrl, started, stopping.promise)
    if (once) await sayTable(network, await countsOf(network))
    return counts
  } finally {
    await network.stop()
  }
}

function open(serverUrl: string, lines: boolean): Promise<Network> {
  return startNetwork({
    institutes,
    dataDir: `${dataDir}/institutes`,
    serverUrl,
    prefix: 'demo',
    lines,
    logLevel: 'error',
    compareEveryMs: 5_000,
    people: providers.settingsFor,
    onStarted: ({ name, node }) => say(`${Object.values(name)[0]} is up: ${node.url}`),
  })
}
