import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Assertions, as tap counts them. */
export interface Counts {
  passed: number
  failed: number
}

export interface TestOptions {
  /** Test files from the root of the tree; none means all. `file#2/3` is its second third, as it is told by `CONCORDANCE_PART`. */
  readonly files: readonly string[]
  /** How long one file may take. */
  readonly timeoutMs: number
  readonly env: NodeJS.ProcessEnv
  /** Ends the run early. */
  readonly signal: AbortSignal
}

/** Those that take longest come first, so that none is still at work when all others have ended. */
const places = ['test/**/*.test.ts', 'packages/cli/test/**/*.test.ts', '{packages,services}/*/test/**/*.test.ts']
/** Tests of a package that works in the process it is in: starting one takes longer than many of them. */
const sharing = /^(packages\/(client|exchange|importers|log|protocol)|services\/node)\/test\//
/** … but for those that start programs, or look at what a process needs. */
const alone = [
  'embedded-postgres.test.ts',
  'import-file.test.ts',
  'limit-heap.test.ts',
  'main.test.ts',
  'start-node.test.ts',
]
const filesOfProcess = 6

/** One more than there are cores, up to four: while one waits for its database or a clock, another works. */
const jobs = Math.min(4, availableParallelism() + 1)
const graceMs = 3_000
/** For a file to put away what it has made, after its time is over. */
const teardownMs = 60_000

/**
 * Runs test files, some at a time, and prints what a process of them came to as it ends, then what failed. A file that is
 * named has a process of its own. A process that breaks off without saying how much failed counts as one failure.
 */
export async function runTests(root: string, { files, ...options }: TestOptions): Promise<Counts> {
  const waiting = files.length > 0 ? files.map((file) => [file]) : inProcesses(listTests(root))
  const counts: Counts = { passed: 0, failed: 0 }
  const failures: string[] = []
  const work = async () => {
    for (let some = waiting.shift(); some !== undefined && !options.signal.aborted; some = waiting.shift()) {
      const { passed, failed, seconds, failure, figures } = await runFiles(root, some, options)
      counts.passed += passed
      counts.failed += failed
      const names = some.join(' ')
      process.stdout.write(`${failed === 0 ? 'ok    ' : 'not ok'} ${names} ${seconds.toFixed(1)} s\n${figures}`)
      if (failed > 0) failures.push(`\n${names}\n${failure}`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  if (!options.signal.aborted) process.stdout.write(failures.join('\n'))
  return counts
}

function listTests(root: string): string[] {
  const exclude = ['**/node_modules/**']
  return [...new Set(places.flatMap((place) => globSync(place, { cwd: root, exclude }).sort()))]
}

/** In the order of the files. */
function inProcesses(files: readonly string[]): string[][] {
  const processes: string[][] = []
  for (const file of files) {
    const last = processes.at(-1) ?? []
    const hasRoom = last.length < filesOfProcess && last.every(isSharing)
    if (last.length > 0 && hasRoom && isSharing(file)) last.push(file)
    else processes.push([file])
  }
  return processes
}

function isSharing(file: string): boolean {
  return sharing.test(file) && !alone.some((name) => file.endsWith(name))
}

interface Outcome extends Counts {
  readonly seconds: number
  /** What went wrong, in words. */
  readonly failure: string
  /** What was counted and measured: comments, a line each. */
  readonly figures: string
}

async function runFiles(root: string, files: readonly string[], options: Omit<TestOptions, 'files'>): Promise<Outcome> {
  const { timeoutMs, env, signal } = options
  const begun = performance.now()
  // tap ends a file that takes too long by itself, and says where it stood.
  const told = { TAP: '1', TAP_TIMEOUT: String(Math.ceil(timeoutMs / 1_000)) }
  const [, part] = files[0]?.split('#') ?? []
  const [file = '', ...more] = files.map((name) => join(root, name.replace(/#.*/, '')))
  const child = spawn(
    process.execPath,
    more.length > 0 ? [join(import.meta.dirname, 'run-files.mjs'), file, ...more] : [file],
    {
      cwd: root,
      env: { ...env, ...told, ...(part && { CONCORDANCE_PART: part }) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  )
  const stopping = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs + teardownMs)])
  const end = () => endGroup(child)
  if (stopping.aborted) end()
  else stopping.addEventListener('abort', end)
  const [said, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  stopping.removeEventListener('abort', end)
  const counts = parseCounts(said)
  const failed = code === 0 && counts ? counts.failed : Math.max(1, counts?.failed ?? 0)
  const seconds = (performance.now() - begun) / 1_000
  return {
    passed: counts?.passed ?? 0,
    failed,
    seconds,
    failure: `${failuresIn(said)}\n${complaints}`,
    figures: figuresIn(said),
  }
}

/** With all that the file has started: politely, then not. */
function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  const send = (name: NodeJS.Signals) => {
    try {
      process.kill(-pid, name)
    } catch {
      // the group has gone
    }
  }
  send('SIGTERM')
  setTimeout(send, graceMs, 'SIGKILL').unref()
}

/** The last line but one of every file that comes to its end. */
function parseCounts(tap: string): Counts | undefined {
  const summary = /^# \{ total: .*\}$/m.exec(tap)?.[0]
  if (summary === undefined) return undefined
  const count = (word: string) => Number(new RegExp(`\\b${word}: (\\d+)`).exec(summary)?.[1] ?? 0)
  return { passed: count('pass'), failed: count('fail') }
}

/** What a test of the file itself, and none within one, has to say beyond that it passed. */
function figuresIn(tap: string): string {
  const lines = tap.matchAll(/^ {0,4}# (?!Subtest: |time=|\{ total: )(.*)$/gm)
  return [...lines].map(([, figure]) => `       ${figure}\n`).join('')
}

/** Leaves out what passed: assertions, plans, and whole subtests. */
export function failuresIn(tap: string): string {
  const kept: string[] = []
  const begun: { indent: number; line: number }[] = []
  for (const line of tap.split('\n')) {
    const [, spaces = '', word] =
      /^( *)(ok \d|not ok \d|# Subtest|\d+\.\.\d|# time=|# \{ total|TAP version)?/.exec(line) ?? []
    const indent = spaces.length
    if (word === '# Subtest') begun.push({ indent, line: kept.length })
    const ended = word?.includes('ok ') && begun.at(-1)?.indent === indent ? begun.pop() : undefined
    if (word?.startsWith('ok ')) kept.length = ended?.line ?? kept.length
    else if (line.trim() !== '' && (word === undefined || word === '# Subtest' || word.startsWith('not')))
      kept.push(line)
  }
  return kept.join('\n')
}
