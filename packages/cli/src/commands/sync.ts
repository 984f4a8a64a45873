import { api, type PeerSyncView } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { List } from '../terminal.ts'

/** Waits for the whole round, which may copy whole logs. */
const roundTimeoutMs = 3_600_000

export async function syncNow(context: Context, { peer }: { readonly peer?: string }): Promise<ExitCode> {
  const { terminal, signal } = context
  const body = peer === undefined ? {} : { peer }
  const { items } = await withClient(context, (client) =>
    client.call(api.syncNow, { body, signal, timeoutMs: roundTimeoutMs }),
  )
  terminal.giveList(items, statusList)
  const behind = items.filter(({ state, lastError }) => state !== 'following' || lastError !== undefined)
  if (behind.length === 0) return exitCodes.done
  return behind.length === items.length ? exitCodes.failed : exitCodes.partlyDone
}

export async function showStatus(context: Context): Promise<void> {
  const { terminal, signal } = context
  const { items } = await withClient(context, (client) => client.call(api.listPeerSync, { signal }))
  terminal.giveList(items, statusList)
}

export async function listQuarantine(context: Context): Promise<void> {
  const { terminal, signal } = context
  const { items } = await withClient(context, (client) => client.call(api.listQuarantine, { signal }))
  terminal.giveList(items, {
    columns: ['institute', 'position', 'code', 'detail'],
    row: ({ iss, position, code, detail }) => [iss, String(position), code, detail],
    empty: 'nothing is in quarantine: every opened entry was understood',
  })
}

const statusList: List<PeerSyncView> = {
  columns: ['institute', 'state', 'verified', 'announced', 'last sync', 'last error'],
  row: ({ iss, state, size, announcedSize, lastSyncedAt, lastError, reason }) => [
    iss,
    reason === undefined ? state : `${state} (${reason})`,
    String(size),
    announcedSize === undefined ? '-' : String(announcedSize),
    lastSyncedAt ?? 'never',
    lastError ?? '-',
  ],
  empty: 'no peer is configured; add one under "peers" in node.json (iss, baseUrl, pin), then start the node again',
}
