import { writeFile } from 'node:fs/promises'
import { type Operator, openOperator } from '@concordance/node'
import type { Scope } from '@concordance/protocol'
import { tokenPathOf } from '../connection.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { withNodeConfig } from '../node-database.ts'

export interface NewTokenOptions {
  readonly scope: string
  readonly subject?: string
  readonly days: number
  readonly save?: boolean
}

const secondsOfDay = 86_400

export async function newToken(context: Context, name: string, options: NewTokenOptions): Promise<void> {
  const { terminal } = context
  const scopes = options.scope.split(',').map(scopeOf)
  const lifetimeSeconds = options.days * secondsOfDay
  const subject = options.subject ?? name
  const { token, jti, expiresAt } = await withOperator(context, (operator) =>
    operator.issueToken({ name, subject, scopes, lifetimeSeconds }),
  )
  const until = expiresAt.toISOString().slice(0, 10)
  if (options.save) {
    await writeFile(tokenPathOf(context), `${token}\n`, { mode: 0o600 })
    terminal.give({ id: jti, name, subject, scopes, expiresAt, savedTo: tokenPathOf(context) }, () => [jti])
    if (!terminal.json) terminal.talk(`saved to ${tokenPathOf(context)}; it may ${scopes.join(', ')} until ${until}`)
    return
  }
  terminal.give({ id: jti, name, subject, scopes, expiresAt, token }, () => [token])
  if (!terminal.json) {
    terminal.talk(`token ${jti} may ${scopes.join(', ')} until ${until}; it is not shown again`)
    terminal.talk('use it as CONCORDANCE_TOKEN, or in a file with --token-file')
  }
}

export async function listTokens(context: Context): Promise<void> {
  const tokens = await withOperator(context, (operator) => operator.listTokens())
  const items = tokens.map(({ jti, createdAt, expiresAt, revokedAt, ...token }) => ({
    id: jti,
    ...token,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    revokedAt: revokedAt?.toISOString(),
    state: revokedAt ? 'revoked' : expiresAt.getTime() < Date.now() ? 'expired' : 'usable',
  }))
  context.terminal.giveList(items, {
    columns: ['id', 'state', 'until', 'scopes', 'name'],
    row: ({ id, state, expiresAt, scopes, name }) => [id, state, expiresAt.slice(0, 10), scopes.join(','), name],
    empty: 'no token was issued yet; issue one with `concordance token new NAME --scope read,draft,publish --save`',
  })
}

export async function revokeToken(context: Context, id: string): Promise<void> {
  await withOperator(context, (operator) => operator.revokeToken(id))
  context.terminal.give({ revoked: id }, () => [`revoked ${id}`])
}

function withOperator<T>(context: Context, use: (operator: Operator) => Promise<T>): Promise<T> {
  return withNodeConfig(context, async (config) => {
    const operator = await openOperator(config)
    try {
      await operator.migrate()
      return await use(operator)
    } finally {
      await operator.close()
    }
  })
}

const knownScopes: readonly Scope[] = ['read', 'draft', 'review', 'publish', 'operate']

function scopeOf(text: string): Scope {
  const scope = knownScopes.find((known) => known === text.trim())
  if (scope) return scope
  throw usageFailure(`${text} is no scope`, `use some of ${knownScopes.join(', ')}`)
}
