import { api, type SessionView } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'

/** Whose token this is, and what it may do. */
export async function showSession(context: Context): Promise<void> {
  const { terminal, signal } = context
  const session = await withClient(context, (client) => client.call(api.getSession, { signal }))
  terminal.give(session, () => [
    terminal.bold(plainText(session.subject)),
    `  by       ${plainText(session.issuer)}, with ${credentials[session.credential]}`,
    `  is       ${session.staff ? 'staff of this institute' : 'a researcher: not staff of this institute'}`,
    `  may      ${session.scopes.join(', ') || 'nothing'}`,
    `  until    ${session.until}`,
  ])
}

const credentials: Record<SessionView['credential'], string> = {
  session: 'a browser',
  'api-token': 'an API token',
  'provider-token': 'an access token of the provider',
}
