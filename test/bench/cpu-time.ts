import { readdirSync, readFileSync } from 'node:fs'

/** What a node, its PostgreSQL and this process, which makes the load, have used so far, in ms of CPU time. */
export type CpuTimes = Readonly<Record<'node' | 'postgres' | 'load', number>>

/** Other work on the machine makes everything slower, but does not change these much. Linux alone: reads /proc. */
export function readCpuTimes({ nodePid, postmasterPid }: { nodePid: number; postmasterPid: number }): CpuTimes {
  const { user, system } = process.cpuUsage()
  const node = ticksOf(nodePid)
  return {
    node: node.own * msPerTick,
    postgres: serverTicks(postmasterPid) * msPerTick,
    load: (user + system) / 1_000,
  }
}

export function formatCpuPerRecord(spent: readonly CpuTimes[], records: number): string {
  const per = (who: keyof CpuTimes) => {
    const values = spent.map((times) => times[who] / records).sort((a, b) => a - b)
    return `${who} ${values[values.length >> 1]?.toFixed(2)} [${values[0]?.toFixed(2)} … ${values.at(-1)?.toFixed(2)}]`
  }
  return `${per('node')} · ${per('postgres')} · ${per('load')}`
}

/** Of each, the mean over `count` of whatever was done meanwhile. */
export function formatCpu(spent: CpuTimes, count: number): string {
  return Object.entries(spent)
    .map(([who, ms]) => `${who} ${(ms / count).toFixed(1)}`)
    .join(' · ')
}

export function between(before: CpuTimes, after: CpuTimes): CpuTimes {
  const took = (who: keyof CpuTimes) => after[who] - before[who]
  return { node: took('node'), postgres: took('postgres'), load: took('load') }
}

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const msPerTick = 10

/** Of the processes that live now, and of those that have ended. */
function serverTicks(postmasterPid: number): number {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  const backends = pids.map(ticksOf).filter(({ parent }) => parent === postmasterPid)
  const { own, ended } = ticksOf(postmasterPid)
  return own + ended + backends.reduce((sum, backend) => sum + backend.own, 0)
}

/** proc_pid_stat(5): behind the name, which may hold anything, stand the parent (4) and the times (14 to 17). */
function ticksOf(pid: number): { parent: number; own: number; ended: number } {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [, parent = 0] = fields
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15)
    return { parent, own: user + system, ended: endedUser + endedSystem }
  } catch {
    return { parent: 0, own: 0, ended: 0 } // it has ended meanwhile
  }
}
