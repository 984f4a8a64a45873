import { parentPort, workerData } from 'node:worker_threads'
import { type ImportProgress, type LogReading, readLog } from './read-log.ts'

/** What the thread of one import is started with. */
export interface ImportTask {
  readonly path: string
}

export type ImportMessage =
  | { readonly kind: 'progress'; readonly progress: ImportProgress }
  | { readonly kind: 'reading'; readonly reading: LogReading }

const progressIntervalMs = 200

async function run({ path }: ImportTask): Promise<void> {
  const post = (message: ImportMessage) => parentPort?.postMessage(message)
  let toldAt = 0
  const reading = await readLog(path, (progress) => {
    if (Date.now() - toldAt < progressIntervalMs && progress.bytesRead < progress.bytes) return
    toldAt = Date.now()
    post({ kind: 'progress', progress })
  })
  post({ kind: 'reading', reading })
}

await run(workerData as ImportTask)
