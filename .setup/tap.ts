import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

const graceMs = 3_000

export interface Counts {
  passed: number
  failed: number
}

export interface TapOptions {
  /** Test files from the root of the tree; none means all that `.taprc` includes. */
  files: readonly string[]
  /** How long one file may take. */
  timeoutMs: number
  env: NodeJS.ProcessEnv
  /** Ends the run early. */
  signal: AbortSignal
}

/**
 * Runs tests and prints a line a file, then what failed in full. Counts are assertions.
 * A run that breaks off without saying how much failed counts as one failure.
 */
export async function runTap(root: string, { files, timeoutMs, env, signal }: TapOptions): Promise<Counts> {
  const args = ['run', '--reporter=tap', `--timeout=${Math.ceil(timeoutMs / 1000)}`, ...files]
  const tap = spawn(process.execPath, [program(root), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  endOn(signal, tap)
  const ended = new Promise<number | null>((settle, fail) => tap.once('error', fail).once('close', settle))
  const failing: string[] = []
  let counts: Counts = { passed: 0, failed: 0 }
  for await (const line of createInterface({ input: tap.stdout })) {
    const file = parseFileLine(line)
    if (file) process.stdout.write(`${file.verdict.padEnd(6)} ${file.name} ${(file.ms / 1000).toFixed(1)} s\n`)
    if (file?.verdict === 'not ok') failing.push(file.name)
    counts = parseCounts(line) ?? counts
  }
  const code = await ended
  if (failing.length > 0 && !signal.aborted) {
    spawnSync(process.execPath, [program(root), 'replay', '--reporter=min', ...failing], {
      cwd: root,
      stdio: 'inherit',
    })
  }
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

/** tap waits for its tests whatever it is told, so the whole process group is ended: politely, then not. */
function endOn(signal: AbortSignal, { pid }: ChildProcess): void {
  if (pid === undefined) return
  const send = (name: NodeJS.Signals) => {
    try {
      process.kill(-pid, name)
    } catch {
      // the group has gone
    }
  }
  const end = () => {
    send('SIGTERM')
    setTimeout(send, graceMs, 'SIGKILL').unref()
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end)
}

/** Only the lines of files are not indented. */
function parseFileLine(line: string): { verdict: string; name: string; ms: number } | undefined {
  const [, verdict, name, ms = '0'] = /^(ok|not ok) \d+ - (.+?)(?: # time=([\d.]+)ms)?$/.exec(line) ?? []
  return verdict === undefined || name === undefined ? undefined : { verdict, name, ms: Number(ms) }
}

function parseCounts(line: string): Counts | undefined {
  if (!line.startsWith('# { total')) return undefined
  const count = (word: string) => Number(new RegExp(`${word}: (\\d+)`).exec(line)?.[1] ?? 0)
  return { passed: count('pass'), failed: count('fail') }
}

/**
 * Makes tap without the plugins that `.taprc` turns off. tap does so itself when it must, but then fails the first run.
 *
 * The files that tap builds over may be hard links into the package manager's store, shared with other checkouts, so
 * they are copied first.
 */
export function prepareTap(root: string): void {
  const built = join(findTestPackage(root), 'test-built')
  if (existsSync(join(built, 'node_modules', '@tapjs', 'core'))) return
  const copy = `${built}.copy`
  rmSync(copy, { recursive: true, force: true })
  cpSync(built, copy, { recursive: true, verbatimSymlinks: true })
  rmSync(built, { recursive: true })
  renameSync(copy, built)

  const done = spawnSync(process.execPath, [program(root), 'build'], { cwd: root, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`tap could not be built\n${done.stdout}${done.stderr}`)
}

/** Started by its file and not by its name in `.bin`: a shell between us would keep signals from it. */
function program(root: string): string {
  return join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
}

/** Where tap keeps the class that it builds: a dependency of tap's own, reached by way of tap. */
function findTestPackage(root: string): string {
  const tap = realpathSync(join(root, 'node_modules', 'tap', 'package.json'))
  let folder = dirname(createRequire(tap).resolve('@tapjs/test'))
  while (!isTestPackage(folder)) folder = dirname(folder)
  return folder
}

function isTestPackage(folder: string): boolean {
  const manifest = join(folder, 'package.json')
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === '@tapjs/test'
}
