import { readdirSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Test } from 'tap'
import { createTestFolder } from '../../services/node/test/support/folder.ts'
import { moveOut } from '../network/node-process.ts'
import type { Institute } from '../network/start-network.ts'
import { startTestNetwork, type TestNetwork } from '../network/test-network.ts'
import { freePort } from '../support/free-port.ts'
import { type RunningProvider, startProvider } from '../support/provider.ts'

export interface Running {
  readonly network: TestNetwork
  readonly provider: RunningProvider
  /** Where the nodes, and whatever else runs here, keep temporary files. */
  readonly temporary: string
  /** What all nodes have written to standard output and standard error so far. */
  output(): string
  /** Metrics of every node. */
  metrics(): Promise<string>
  /** Every file of the nodes' folders by its name, without keys and tokens, and every temporary file. */
  files(): Map<string, string>
}

/** Institutes with nodes in processes of their own, which log all they can. At the first one people can sign in. */
export async function startRunning(t: Test, keys: readonly string[]): Promise<Running> {
  const network = await startTestNetwork(t, keys, { lines: true, compareEveryMs: 1_000 })
  const temporary = await createTestFolder(t)
  const [first] = network.institutes as [Institute]
  const baseUrl = `http://127.0.0.1:${first.config.port}`
  const provider = await startProvider({ redirectUri: `${baseUrl}/v1/sign-in/return`, audience: `${baseUrl}/api` })
  t.teardown(() => provider.stop())
  const chunks: Buffer[] = []
  const ports: number[] = []
  for (const institute of network.institutes) {
    const environment = { CONCORDANCE_LOG_LEVEL: 'debug', TMPDIR: temporary }
    const node = await moveOut(institute, { environment, onOutput: (chunk) => void chunks.push(chunk) })
    t.teardown(() => node.kill())
    const port = await freePort()
    ports.push(port)
    await configure(institute, {
      operations: { port },
      ...(institute === first && { people: await people(institute, provider) }),
    })
    node.start()
    await node.ready()
  }
  return {
    network,
    provider,
    temporary,
    output: () => Buffer.concat(chunks).toString('utf8'),
    metrics: async () => {
      const answers = ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
      return (await Promise.all(answers)).join('\n')
    },
    files: () => new Map([...readFiles(network.dataDir), ...readFiles(temporary)]),
  }
}

async function configure({ dataDir }: Institute, settings: object): Promise<void> {
  const file = join(dataDir, 'node.json')
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...settings }), { mode: 0o600 })
}

async function people({ dataDir }: Institute, { issuer, clientId, clientSecret }: RunningProvider) {
  const clientSecretFile = join(dataDir, 'keys', 'client.secret')
  await writeFile(clientSecretFile, clientSecret, { mode: 0o600 })
  return {
    issuer,
    clientId,
    clientSecretFile,
    scopes: ['profile'],
    rolesClaim: 'groups',
    roles: { readers: ['reader'], authors: ['author'] },
    staff: ['staff'],
    insecureLoopback: true,
  }
}

function readFiles(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'token' && basename(entry.parentPath) !== 'keys')
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path, 'latin1')])
}
