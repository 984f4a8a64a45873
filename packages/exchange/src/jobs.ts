import { type Runner, run, type TaskList, Logger as WorkerLogger } from 'graphile-worker'
import type { Deps } from './deps.ts'
import { purgeRequestTokens } from './requests.ts'

/** Work that the node repeats or owes somebody; each is safe to run twice. */
export interface Tasks {
  /** Signs the newest size again where the last checkpoint is six hours old. */
  reseal(): Promise<void>
  /** Tells one peer that our log grew. A hint: a failure is not repeated. */
  notifyPeer(iss: string): Promise<void>
}

export interface RunningJobs {
  stop(): Promise<void>
}

const crontab = ['*/5 * * * * purge', '*/10 * * * * reseal'].join('\n')
/** New entries within this time go into one notification. */
const notifyAfterMs = 200
const idempotencyKeptMs = 24 * 60 * 60 * 1_000

/** Runs the queue inside the node's own database (graphile-worker) until stopped. Several processes share the work. */
export async function startJobs(deps: Deps, tasks: Tasks): Promise<RunningJobs> {
  const runner = await run({
    pgPool: deps.pool,
    taskList: taskListOf(deps, tasks),
    crontab,
    concurrency: 2,
    noHandleSignals: true,
    logger: loggerOf(deps),
  })
  const unlisten = notifyOnGrowth(deps, runner)
  return {
    async stop() {
      unlisten()
      await runner.stop()
    },
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
    },
    reseal: () => tasks.reseal(),
    'notify-peer': (payload) => tasks.notifyPeer((payload as { iss: string }).iss),
  }
}

/** One coalesced flag a peer: while a notification waits, further growth changes nothing about it. */
function notifyOnGrowth(deps: Deps, runner: Runner): () => void {
  let timer: NodeJS.Timeout | undefined
  const flag = async () => {
    timer = undefined
    for (const { iss } of deps.peers.list()) {
      await runner
        .addJob('notify-peer', { iss }, { jobKey: `notify ${iss}`, jobKeyMode: 'preserve_run_at', maxAttempts: 1 })
        .catch((error: Error) => deps.log.warn({ err: error.message, peer: iss }, 'could not flag a notification'))
    }
  }
  const unlisten = deps.wake.listen((topic) => {
    if (topic === `log:${deps.identity.iss}`) timer ??= setTimeout(flag, notifyAfterMs)
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
