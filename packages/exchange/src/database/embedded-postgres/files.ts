import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'

/** Where everything of one server is; nothing is kept elsewhere. */
export interface Files {
  root: string
  cluster: string
  password: string
  port: string
  log: string
  previousLog: string
  startLock: string
}

export function filesOf(root: string): Files {
  return {
    root,
    cluster: join(root, 'cluster'),
    password: join(root, 'password'),
    port: join(root, 'port'),
    log: join(root, 'server.log'),
    previousLog: join(root, 'server.previous.log'),
    startLock: join(root, 'start.lock'),
  }
}

/** An error that shows the end of what the server or initdb wrote since `logStart`, in bytes. */
export function failure(
  code: 'init-failed' | 'start-failed',
  what: string,
  files: Files,
  logStart: number,
): EmbeddedPostgresError {
  const said = readLog(files, logStart).trim().split('\n').slice(-12)
  return new EmbeddedPostgresError(code, what, {
    why: `it stopped before it was ready; the end of ${files.log}:\n    ${said.join('\n    ')}`,
    remedy: 'see to what the log names, or set DATABASE_URL to use a PostgreSQL server of your own',
  })
}

export function readLog(files: Files, start: number): string {
  return existsSync(files.log) ? readFileSync(files.log).subarray(start).toString() : ''
}

export function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0
}
