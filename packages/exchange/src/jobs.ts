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

/**
 * One coalesced flag a peer: while a notification waits, further growth changes nothing about it. A peer that was waiting
 * for the news has had them by then.
 */
function notifyOnGrowth(deps: Deps, runner: Runner): () => void {
  const topic = `log:${deps.identity.iss}` as const
  let timer: NodeJS.Timeout | undefined
  const flag = async () => {
    timer = undefined
    try {
      for (const iss of await listBehind(deps, deps.wake.latest(topic))) {
        const once = { jobKey: `notify ${iss}`, jobKeyMode: 'preserve_run_at', maxAttempts: 1 } as const
        await runner.addJob('notify-peer', { iss }, once)
      }
    } catch (error) {
      deps.log.warn({ err: (error as Error).message }, 'could not flag a notification')
    }
  }
  const unlisten = deps.wake.listen((heard) => {
    if (heard === topic) timer ??= setTimeout(flag, notifyAfterMs)
  })
  return () => {
    unlisten()
    clearTimeout(timer)
  }
}

/** Peers whose last page, by the delivery log, ended before `size`. */
async function listBehind({ pool, peers }: Deps, size: number): Promise<string[]> {
  const { rows } = await pool.query<{ iss: string }>(
    `select iss from unnest($1::text[]) as iss
     where not exists (
       select from (select to_position from delivery where peer = iss order by from_position desc, id desc limit 1) as last
       where last.to_position >= $2
     )`,
    [peers.list().map(({ iss }) => iss), size],
  )
  return rows.map(({ iss }) => iss)
}

async function purgeIdempotency({ db, now }: Deps): Promise<void> {
  const oldest = new Date(now().getTime() - idempotencyKeptMs)
  await db.deleteFrom('idempotency').where('created_at', '<', oldest).execute()
}
