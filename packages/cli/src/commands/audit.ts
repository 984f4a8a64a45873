import { type AuditedActView, api } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { parseTime } from '../parse-time.ts'
import { readPages } from '../read-pages.ts'

export interface AuditOptions {
  readonly actor?: string
  readonly act?: string
  readonly from?: string
  readonly limit: number
}

/** Who did what at the node, newest first. */
export async function listAudit(context: Context, { limit, from, ...filters }: AuditOptions): Promise<void> {
  const { terminal, signal } = context
  const asked = { ...filters, ...(from === undefined ? {} : { from: parseTime(from).toISOString() }) }
  const { items, hasMore } = await withClient(context, (client) =>
    readPages((page) => client.call(api.listAudit, { query: { ...asked, ...page }, signal }), limit),
  )
  terminal.giveList(items, {
    columns: ['at', 'actor', 'act', 'target', 'detail'],
    row: (act) => [act.at, act.actor, act.act, act.target, detailOf(act)],
    empty:
      Object.keys(asked).length === 0
        ? 'nobody has done anything here that is audited'
        : 'nothing in the audit trail is like that; actors and acts are spelt as `concordance audit` shows them',
  })
  if (hasMore && !terminal.json) terminal.talk(`there is more; --limit ${limit * 4} shows further acts`)
}

function detailOf({ detail }: AuditedActView): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}
