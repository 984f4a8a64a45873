import { api, type RecordView } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { labels, oneOf, statuses } from '../one-of.ts'
import { recordList } from '../record-list.ts'

export interface ListOptions {
  readonly type?: string
  readonly iss?: string
  readonly status?: string
  readonly tlp?: string
  readonly finding?: string
  readonly limit: number
}

export async function listRecords(context: Context, options: ListOptions): Promise<void> {
  const { terminal, signal } = context
  const { limit, status, tlp, ...filters } = options
  const items: RecordView[] = []
  let cursor: string | undefined
  await withClient(context, async (client) => {
    do {
      const page = { limit: Math.min(200, limit - items.length), ...(cursor === undefined ? {} : { cursor }) }
      const query = { ...filters, ...page, ...oneOf('status', statuses, status), ...oneOf('tlp', labels, tlp) }
      const answer = await client.call(api.listRecords, { query, signal })
      items.push(...answer.items)
      cursor = answer.next
    } while (cursor !== undefined && items.length < limit)
  })
  terminal.giveList(items, recordList('no record is open to you here; begin with `concordance import --dry-run FILE`'))
  if (cursor !== undefined && !terminal.json) terminal.talk(`there are more; --limit ${limit * 4} shows further ones`)
}
