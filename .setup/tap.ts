import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

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
}

/**
 * Runs tests and prints a line a file, then what failed in full. Counts are assertions.
 * A run that breaks off without saying how much failed counts as one failure.
 */
export async function runTap(root: string, { files, timeoutMs, env }: TapOptions): Promise<Counts> {
  const args = ['run', '--reporter=tap', `--timeout=${Math.ceil(timeoutMs / 1000)}`, ...files]
  const tap = spawn(binary(root), args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((settle, fail) => tap.once('error', fail).once('close', settle))
  const failing: string[] = []
  const counts = { passed: 0, failed: 0 }
  for await (const line of createInterface({ input: tap.stdout })) {
    const file = /^(ok|not ok) \d+ - (.+?)(?: # time=([\d.]+)ms)?$/.exec(line)
    if (file) {
      const [, verdict = '', name = '', ms = '0'] = file
      process.stdout.write(`${verdict.padEnd(6)} ${name} ${(Number(ms) / 1000).toFixed(1)} s\n`)
      if (verdict === 'not ok') failing.push(name)
    }
    if (line.startsWith('# { total')) {
      counts.passed = Number(/pass: (\d+)/.exec(line)?.[1] ?? 0)
      counts.failed = Number(/fail: (\d+)/.exec(line)?.[1] ?? 0)
    }
  }
  const code = await ended
  if (failing.length > 0)
    spawnSync(binary(root), ['replay', '--reporter=min', ...failing], { cwd: root, stdio: 'inherit' })
  if (code !== 0 && counts.failed === 0) counts.failed = 1
  return counts
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

  const done = spawnSync(binary(root), ['build'], { cwd: root, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`tap could not be built\n${done.stdout}${done.stderr}`)
}

function binary(root: string): string {
  return join(root, 'node_modules', '.bin', 'tap')
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
