import { setTimeout as sleep } from 'node:timers/promises'
import { type Runner, run, type TaskList, Logger as WorkerLogger } from 'graphile-worker'
import { listBehind } from './access/deliveries.ts'
import type { Deps } from './deps.ts'
import { purgeSessions } from './people/sessions.ts'
import { purgeRequestTokens } from './requests.ts'
import { purgeLateAnswers } from './search/late-answers.ts'
import { purgeQuestions } from './search/spend-question.ts'

/** Work that the node repeats or owes somebody; each is safe to run twice. */
export interface Tasks {
  /** Signs the newest size again where the last checkpoint is six hours old. */
  reseal(): Promise<void>
  /** Publishes the next snapshot of our own groups that end soon. */
  renewGroups(): Promise<void>
  /** Tells one peer that our log grew. A hint: a failure is not repeated. */
  notifyPeer(iss: string): Promise<void>
}

export interface RunningJobs {
  stop(): Promise<void>
}

const crontab = ['*/5 * * * * purge', '*/10 * * * * reseal', '*/10 * * * * renew-groups'].join('\n')
/** New entries within this time go into one notification. */
const notifyAfterMs = 200
const startAgainMs = 1_000
const idempotencyKeptMs = 24 * 60 * 60 * 1_000

/** Runs the queue inside the node's own database (graphile-worker) until stopped. Several processes share the work. */
export async function startJobs(deps: Deps, tasks: Tasks): Promise<RunningJobs> {
  const stopping = new AbortController()
  const current = { runner: await startRunner(deps, tasks) }
  const running = keepRunning(deps, tasks, current, stopping.signal)
  const unlisten = notifyOnGrowth(deps, current)
  return {
    async stop() {
      stopping.abort()
      unlisten()
      await current.runner.stop().catch(() => undefined) // only ever rejects where it has ended by itself
      await running
    },
  }
}

function startRunner(deps: Deps, tasks: Tasks): Promise<Runner> {
  return run({
    pgPool: deps.pool,
    taskList: taskListOf(deps, tasks),
    crontab,
    concurrency: 2,
    noHandleSignals: true,
    logger: loggerOf(deps),
    // Without batches, a job that ends while the database is away leaves a rejection that nobody handles.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  })
}

/** The queue ends itself when it loses the database over a job; the node outlives that, and so must its jobs. */
async function keepRunning(deps: Deps, tasks: Tasks, current: { runner: Runner }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await current.runner.promise.catch((error: Error) => deps.log.warn({ err: error.message }, 'the job queue ended'))
    await sleep(startAgainMs, undefined, { signal }).catch(() => undefined) // only ever rejects by our own abort
    if (signal.aborted) return
    try {
      current.runner = await startRunner(deps, tasks)
      if (signal.aborted) await current.runner.stop()
    } catch (error) {
      deps.log.warn({ err: (error as Error).message }, 'the job queue does not start yet')
    }
  }
}

/** The queue's own messages hold task names and times; only its warnings are of interest. */
function loggerOf({ log }: Deps): WorkerLogger {
  return new WorkerLogger(() => (level, message) => {
    if (level === 'error') log.error({}, message)
    else if (level === 'warning') log.warn({}, message)
    else log.debug({}, message)
  })
}

function taskListOf(deps: Deps, tasks: Tasks): TaskList {
  return {
    purge: async () => {
      await purgeRequestTokens(deps)
      await purgeIdempotency(deps)
      await purgeSessions(deps)
      await purgeQuestions(deps)
      await purgeLateAnswers(deps)
    },
    reseal: () => tasks.reseal(),
    'renew-groups': () => tasks.renewGroups(),
    'notify-peer': (payload) => tasks.notifyPeer((payload as { iss: string }).iss),
  }
}

/**
 * One coalesced flag a peer: while a notification waits, further growth changes nothing about it. A peer that was waiting
 * for the news has had them by then; of what came later it is looked again.
 */
function notifyOnGrowth(deps: Deps, current: { readonly runner: Runner }): () => void {
  const topic = `log:${deps.identity.iss}` as const
  let timer: NodeJS.Timeout | undefined
  const lookLater = (size: number) => {
    timer ??= setTimeout(flag, notifyAfterMs, size)
  }
  const flag = async (size: number) => {
    timer = undefined
    if (deps.wake.latest(topic) > size) lookLater(deps.wake.latest(topic))
    try {
      for (const iss of await listBehind(deps, size)) {
        const once = { jobKey: `notify ${iss}`, jobKeyMode: 'preserve_run_at', maxAttempts: 1 } as const
        await current.runner.addJob('notify-peer', { iss }, once)
      }
    } catch (error) {
      deps.log.warn({ err: (error as Error).message }, 'could not flag a notification')
    }
  }
  const unlisten = deps.wake.listen((heard, size) => {
    if (heard === topic) lookLater(size)
  })
  return () => {
    unlisten()
    clearTimeout(timer)
  }
}

async function purgeIdempotency({ db, now }: Deps): Promise<void> {
  const oldest = new Date(now().getTime() - idempotencyKeptMs)
  await db.deleteFrom('idempotency').where('created_at', '<', oldest).execute()
}
