import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/**
 * Names a living process so that no later one with the same id is mistaken for it: its id and when it started, in the
 * units of the system. Undefined where there is no such process, or only its unreaped remains.
 */
export async function identify(pid: number): Promise<string | undefined> {
  const [state, started] = process.platform === 'linux' ? await readStat(pid) : await askPs(pid)
  return started === undefined || state?.startsWith('Z') ? undefined : `${pid} ${started}`
}

type Stat = readonly [state: string | undefined, started: string | undefined]

/** proc_pid_stat(5): after the name, which may hold anything, stand the state (3) and, in clock ticks, the start (22). */
async function readStat(pid: number): Promise<Stat> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return [fields[0], fields[19]]
}

async function askPs(pid: number): Promise<Stat> {
  const ps = spawn('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [state, ...started] = (await ps.stdout.toArray()).join('').trim().split(/\s+/)
  return [state, started.length === 0 ? undefined : started.join(' ')]
}
