import { api } from '@concordance/protocol'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'

export async function listPeers(context: Context): Promise<void> {
  const { terminal, signal } = context
  const { items } = await withClient(context, (client) => client.call(api.listPeers, { signal }))
  terminal.giveList(items, {
    columns: ['institute', 'state', 'pin', 'base url'],
    row: ({ iss, state, pin, baseUrl }) => [iss, state, pin, baseUrl],
    empty: 'no peer is configured; add one under "peers" in node.json (iss, baseUrl, pin), then start the node again',
  })
}
