import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findNodeFile } from './node-file.ts'

/**
 * Where the node of the data folder is asked: where the running one says that it listens, else where its configuration
 * lets it listen. Undefined where the folder holds no node.
 */
export function findOwnUrl(dataDir: string): string | undefined {
  const file = findNodeFile(dataDir)
  if (!file) return undefined
  const host = file.host ?? '127.0.0.1'
  const configured = `http://${host.includes(':') ? `[${host}]` : host}:${file.port ?? 8443}`
  return reachable(findNotedUrl(dataDir) ?? configured)
}

/** Whether `url` is an address of the node of the data folder: where it is asked here, or where peers reach it. */
export function isOwnUrl(dataDir: string, url: string): boolean {
  const own = [findOwnUrl(dataDir), findNodeFile(dataDir)?.baseUrl]
  return own.some((each) => each !== undefined && normalize(each) === normalize(url))
}

/** What the node writes when it is ready. The note of a process that has gone is stale. */
function findNotedUrl(dataDir: string): string | undefined {
  try {
    const { url, pid } = JSON.parse(readFileSync(join(dataDir, 'address.json'), 'utf8'))
    return typeof url === 'string' && URL.canParse(url) && isAlive(Number(pid)) ? url : undefined
  } catch {
    return undefined // no node has run here, or it was stopped in order
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A node that listens on every address of its machine is asked on loopback. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

function normalize(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/+$/, '') : url
}
