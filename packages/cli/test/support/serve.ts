import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { linesOfJson, type Outcome, runCommand, spawnCommand } from './run-command.ts'

export interface Commands {
  run(...args: string[]): Promise<Outcome>
  /** The values that a command gives, which has to succeed. */
  json(...args: string[]): Promise<Record<string, unknown>[]>
  /** The first of them. */
  only(...args: string[]): Promise<Record<string, unknown>>
}

/** Runs commands for the node whose data folder is below `cwd`. */
export function commandsIn(cwd: string, runIn = runCommand): Commands {
  const run = (...args: string[]) => runIn(args, { cwd })
  const json = async (...args: string[]) => {
    const { exit, stdout, stderr } = await run(...args, '--json')
    if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}: ${stderr}`)
    return linesOfJson(stdout) as Record<string, unknown>[]
  }
  return { run, json, only: async (...args) => (await json(...args))[0] ?? {} }
}

export interface Served {
  readonly child: ChildProcess
  readonly url: string
  /** What it has said so far. */
  readonly stderr: () => string
}

/** Runs the node below `folder` until the test ends. */
export async function serve(
  t: { teardown(end: () => unknown): void },
  folder: string,
  args: readonly string[] = [],
): Promise<Served> {
  const child = spawnCommand(['serve', ...args], { cwd: folder, env: { CONCORDANCE_LOG_LEVEL: 'warn' } })
  t.teardown(() => stop(child))
  if (!child.stdout) throw new Error('no pipe')
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  for await (const line of createInterface({ input: child.stdout })) return { child, url: line, stderr: () => said }
  throw new Error(`the node did not start: ${said}`)
}

/** In order, so that the database goes as well. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'close')
}
