import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Answers, parseAnswers } from './answers.ts'
import { completeDrafts } from './complete-drafts.ts'
import { ImportError } from './error.ts'
import type { ImportMessage, ImportTask } from './import-worker.ts'
import { limits } from './limits.ts'
import { type ImportProgress, type LogReading, readLog } from './read-log.ts'
import type { ImportResult } from './result.ts'
import { newWarningLog } from './warnings.ts'

export interface ImportOptions {
  /** From {@link parseAnswers}. */
  readonly answers?: Answers
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
  /** At most `limits.timeoutMs`, which is also the default. */
  readonly timeoutMs?: number
}

/**
 * Imports one foreign file. It is read in a thread of its own, with bounded heap and time, so that hostile input can
 * neither block nor exhaust the caller. A file that cannot be taken over exactly is a result with `outcome: 'refused'`
 * and a code, one that breaks the importer too (`IMPORT_FAILED`).
 *
 * @throws The signal's reason where the import was aborted.
 */
export async function importFile(path: string, options: ImportOptions = {}): Promise<ImportResult> {
  options.signal?.throwIfAborted()
  return resultOf(path, await readInThread(path, options), options.answers)
}

/** Reads an Inspect log, `.eval` or `.json`, in the calling thread. Refusals are results, as in {@link importFile}. */
export async function readInspect(
  path: string,
  options: Pick<ImportOptions, 'answers' | 'onProgress'> = {},
): Promise<ImportResult> {
  return resultOf(path, await readLog(path, options.onProgress, 'inspect'), options.answers)
}

/** Reads a record of Every Eval Ever in the calling thread. Refusals are results, as in {@link importFile}. */
export async function readEveryEvalEver(
  path: string,
  options: Pick<ImportOptions, 'answers' | 'onProgress'> = {},
): Promise<ImportResult> {
  return resultOf(path, await readLog(path, options.onProgress, 'every-eval-ever'), options.answers)
}

const nothing = { drafts: [], leaves: [], questions: [] } as const

function resultOf(file: string, reading: LogReading, answers: Answers = parseAnswers(undefined)): ImportResult {
  const { format } = reading
  const warnings = newWarningLog(reading.warnings)
  const refused = (code: ImportError['code'], detail: string): ImportResult => {
    return { file, format, outcome: 'refused', code, detail, warnings: warnings.list(), ...nothing }
  }
  if (reading.outcome === 'refused') return refused(reading.code, reading.detail)
  try {
    const completed = completeDrafts(reading.plans, reading.raw, answers, warnings)
    return { file, format, outcome: 'draft', warnings: warnings.list(), ...completed }
  } catch (error) {
    if (error instanceof ImportError) return refused(error.code, error.message)
    throw error
  }
}

async function readInThread(path: string, options: ImportOptions): Promise<LogReading> {
  const task: ImportTask = { path: resolve(path) }
  const worker = new Worker(new URL('./import-worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMib, maxYoungGenerationSizeMb: 16 },
    env: {},
    execArgv: [],
  })
  try {
    return await readingOf(worker, options)
  } catch (error) {
    if (!(error instanceof ImportError)) throw error
    return { outcome: 'refused', format: 'unknown', code: error.code, detail: error.message, warnings: [] }
  } finally {
    await worker.terminate()
  }
}

function readingOf(worker: Worker, { signal, onProgress, timeoutMs }: ImportOptions): Promise<LogReading> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<LogReading>()
  const deadline = setTimeout(
    () => reject(new ImportError('IMPORT_TIMEOUT', 'took longer than it may')),
    Math.min(timeoutMs ?? limits.timeoutMs, limits.timeoutMs),
  )
  const abort = () => reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  worker.on('message', (message: ImportMessage) => {
    if (message.kind === 'progress') onProgress?.(message.progress)
    else settle(message.reading)
  })
  worker.on('error', (cause) => reject(failureOf(cause)))
  worker.on('exit', () => reject(new ImportError('IMPORT_FAILED', 'the importing thread ended without a result')))
  return promise.finally(() => {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', abort)
  })
}

function failureOf(cause: unknown): ImportError {
  const outOfMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
  return outOfMemory
    ? new ImportError('IMPORT_MEMORY', 'needs more memory than an import may have', { cause })
    : new ImportError('IMPORT_FAILED', `the importer failed: ${cause instanceof Error ? cause.name : 'unknown'}`, {
        cause,
      })
}
