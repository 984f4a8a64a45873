import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Institute } from './start-network.ts'

/** A node in a process of its own, which can be killed as a crash would. */
export interface NodeProcess {
  /** Starts it and returns at once. */
  start(): void
  /** Returns when it answers `/readyz`. @throws when it has ended instead. */
  ready(): Promise<void>
  /** SIGKILL; returns when it is gone. */
  kill(): Promise<void>
}

const root = dirname(dirname(import.meta.dirname))
const readyTimeoutMs = 60_000

export interface ProcessOptions {
  /** Over the usual environment, in which the log is silent. */
  readonly environment?: Readonly<Record<string, string>>
  /** Hears everything the process writes to standard output and standard error. */
  readonly onOutput?: (chunk: Buffer) => void
}

/** Stops the node of an institute that runs in this process and hands its data to one of its own. */
export async function moveOut(institute: Institute, options: ProcessOptions = {}): Promise<NodeProcess> {
  const { config, dataDir, databaseUrl } = institute
  await institute.node.stop()
  const file = join(dataDir, 'node.json')
  const settings = JSON.parse(await readFile(file, 'utf8'))
  const compareEverySeconds = config.compareEveryMs / 1_000
  await writeFile(file, JSON.stringify({ ...settings, peers: config.peers, compareEverySeconds }))
  institute.node = { ...institute.node, stop: async () => {} }
  let child: ChildProcess | undefined
  let said = ''
  const end = () => void child?.kill('SIGKILL')
  process.on('exit', end)
  return {
    start() {
      const args = [join(root, 'services/node/src/main.mjs'), '--data', dataDir]
      const usual = { PATH: process.env.PATH, DATABASE_URL: databaseUrl, CONCORDANCE_LOG_LEVEL: 'silent' }
      const env = { ...usual, ...options.environment }
      child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
      child.stdout?.on('data', (chunk) => options.onOutput?.(chunk))
      child.stderr?.on('data', (chunk) => {
        said = `${said}${chunk}`.slice(-2_000)
        options.onOutput?.(chunk)
      })
    },
    async ready() {
      const deadline = performance.now() + readyTimeoutMs
      while (!(await isReady(`http://127.0.0.1:${config.port}/readyz`))) {
        if (child?.exitCode != null) throw new Error(`the node of ${institute.key} ended: ${said}`)
        if (performance.now() > deadline) throw new Error(`the node of ${institute.key} does not become ready`)
        await sleep(10)
      }
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false // not listening yet
  }
}
