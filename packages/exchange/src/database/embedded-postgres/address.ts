import { join } from 'node:path'
import type { Files } from './files.ts'

/** macOS allows fewer bytes than Linux (unix(4), unix(7)), and the last one is NUL. */
const socketPathBytes = 103

/**
 * Connection URL of the superuser. Where the system lets a socket have a path in the cluster's folder, connections go through
 * it: each question and answer then takes a quarter less time than by TCP. Host and port in front are for programs that know
 * no such sockets.
 */
export function urlOf(files: Files, password: string, port: number): string {
  const url = new URL(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`)
  if (hasSocket(files, port)) url.searchParams.set('host', files.cluster)
  return url.href
}

/** As `unix_socket_directories` takes it: empty for none. */
export function socketFolders(files: Files, port: number): string {
  return hasSocket(files, port) ? `"${files.cluster}"` : ''
}

/** The setting cannot hold every name. */
function hasSocket({ cluster }: Files, port: number): boolean {
  const path = join(cluster, `.s.PGSQL.${port}`)
  return process.platform !== 'win32' && !path.includes('"') && Buffer.byteLength(path) <= socketPathBytes
}
