import { api } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { confirm } from '../ask.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'

export async function listPeers(context: Context): Promise<void> {
  const { terminal, signal } = context
  const { items } = await withClient(context, (client) => client.call(api.listPeers, { signal }))
  terminal.giveList(items, {
    columns: ['institute', 'state', 'pin', 'base url'],
    row: ({ iss, state, pin, baseUrl }) => [iss, state, pin, baseUrl],
    empty: 'no peer is configured; add one under "peers" in node.json (iss, baseUrl, pin), then start the node again',
  })
}

/** At once: this is what stops a peer whose key was stolen. */
export async function suspendPeer(context: Context, iss: string): Promise<void> {
  requireEntityId(iss)
  const { terminal, signal } = context
  await withClient(context, (client) => client.call(api.suspendPeer, { params: { iss }, signal })).catch(explain(iss))
  terminal.give({ suspended: iss }, () => [`suspended ${iss}`])
  if (terminal.json) return
  terminal.talk(`${plainText(iss)} is answered no more, and its log is not copied; what it holds it holds`)
  terminal.talk(`\`concordance peer resume ${iss}\` takes it back`)
}

/** Asks first: what a peer is given from then on cannot be taken back. */
export async function resumePeer(context: Context, iss: string, options: { readonly yes?: boolean }): Promise<void> {
  requireEntityId(iss)
  const { terminal, signal } = context
  if (!terminal.json)
    terminal.talk(`${plainText(iss)} will be given all of our log that is open to it, and what was published meanwhile`)
  await confirm(context, new URL(iss).host, options)
  await withClient(context, (client) => client.call(api.resumePeer, { params: { iss }, signal })).catch(explain(iss))
  terminal.give({ resumed: iss }, () => [`resumed ${iss}`])
  if (!terminal.json) terminal.talk('next: `concordance sync status` shows whether its log is copied again')
}

function requireEntityId(text: string): void {
  if (text.startsWith('https://') && URL.canParse(text)) return
  throw usageFailure(`${text} is not the id of an institute`, 'give it as `concordance peer list` shows it')
}

function explain(iss: string) {
  return (error: unknown): never => {
    if ((error as { code?: unknown }).code !== 'not-found') throw error
    throw new Failure(
      {
        what: `could not find the peer ${iss}`,
        why: 'no peer of this node has that id',
        remedy: 'give it as `concordance peer list` shows it',
        code: 'not-found',
        exit: exitCodes.notFound,
      },
      { cause: error },
    )
  }
}
