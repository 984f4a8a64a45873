import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeConfig } from '@concordance/node'

const root = dirname(dirname(import.meta.dirname))

/** A server in a process of its own. */
export interface ChildServer {
  readonly url: string
  readonly pid: number
  /** From the spawn to the first answer that says ready. */
  readonly readyMs: number
  /** Resident memory now, and the most there ever was. */
  memory(): { rssBytes: number; peakRssBytes: number }
  stop(): Promise<void>
}

/** Starts a real node, as an operator does, and returns when it says that it is ready. */
export function startChildNode(config: NodeConfig): Promise<ChildServer> {
  return startChild({
    script: 'services/node/src/main.mjs',
    args: ['--data', config.dataDir, '--role', config.role],
    port: config.port,
    env: { DATABASE_URL: config.databaseUrl, CONCORDANCE_LOG_LEVEL: 'warn' },
  })
}

/** Starts the least that can say the same: Fastify with one query. */
export function startBareFastify(port: number, databaseUrl: string): Promise<ChildServer> {
  const env = { DATABASE_URL: databaseUrl }
  return startChild({ script: 'test/bench/bare-fastify.ts', args: [String(port)], port, env })
}

interface ChildOptions {
  readonly script: string
  readonly args: readonly string[]
  readonly port: number
  readonly env: Readonly<Record<string, string>>
}

async function startChild({ script, args, port, env }: ChildOptions): Promise<ChildServer> {
  const started = performance.now()
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await untilReady(child, url)
  const readyMs = performance.now() - started
  return {
    url,
    pid: child.pid as number,
    readyMs,
    memory: () => memoryOf(child),
    async stop() {
      if (hasEnded(child)) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  while (!(await isReady(url))) {
    if (hasEnded(child)) throw new Error('a server ended before it was ready')
    await sleep(askEveryMs)
  }
}

const askEveryMs = 5

function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(`${url}/readyz`, { agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    }).on('error', () => resolve(false))
  })
}

function memoryOf({ pid }: ChildProcess) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytesOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024
  return { rssBytes: bytesOf('VmRSS'), peakRssBytes: bytesOf('VmHWM') }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
