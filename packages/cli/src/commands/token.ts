import { writeFile } from 'node:fs/promises'
import { type Operator, openOperator } from '@concordance/node'
import { type ApiTokenView, api, type Scope } from '@concordance/protocol'
import { isElsewhere, tokenPathOf, withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
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
  if (isElsewhere(context)) throw issuedThere()
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

/** Of a node elsewhere, what its API shows: one's own, with the scope `operate` everybody's. */
export async function listTokens(context: Context): Promise<void> {
  const tokens = isElsewhere(context) ? await askForTokens(context) : await readTokens(context)
  const items = tokens.map((token) => ({ ...token, state: stateOf(token) }))
  context.terminal.giveList(items, {
    columns: ['id', 'state', 'until', 'scopes', 'name'],
    row: ({ id, state, expiresAt, scopes, name }) => [id, state, expiresAt.slice(0, 10), scopes.join(','), name],
    empty: 'no token was issued yet; issue one with `concordance token new NAME --scope read,draft,publish --save`',
  })
}

async function askForTokens(context: Context): Promise<readonly ApiTokenView[]> {
  const { signal } = context
  return (await withClient(context, (client) => client.call(api.listApiTokens, { signal }))).items
}

async function readTokens(context: Context): Promise<readonly ApiTokenView[]> {
  const tokens = await withOperator(context, (operator) => operator.listTokens())
  return tokens.map(({ jti, createdAt, expiresAt, revokedAt, scopes, name, subject }) => ({
    id: jti,
    name,
    subject,
    scopes: [...scopes],
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  }))
}

function stateOf({ revokedAt, expiresAt }: ApiTokenView): 'revoked' | 'expired' | 'usable' {
  if (revokedAt !== undefined) return 'revoked'
  return Date.parse(expiresAt) < Date.now() ? 'expired' : 'usable'
}

export async function revokeToken(context: Context, id: string): Promise<void> {
  const { terminal, signal } = context
  await (isElsewhere(context)
    ? withClient(context, (client) => client.call(api.revokeApiToken, { params: { id }, signal }))
    : withOperator(context, (operator) => operator.revokeToken(id)))
  terminal.give({ revoked: id }, () => [`revoked ${id}`])
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

function issuedThere(): Failure {
  return new Failure({
    what: 'could not issue a token',
    why: 'a token is issued on the machine of the node, or by whoever is signed in there with a browser',
    remedy: 'run this where the node runs, without --url; or ask its operator',
    code: 'forbidden',
    exit: exitCodes.refused,
  })
}

const knownScopes: readonly Scope[] = ['read', 'draft', 'review', 'publish', 'operate']

function scopeOf(text: string): Scope {
  const scope = knownScopes.find((known) => known === text.trim())
  if (scope) return scope
  throw usageFailure(`${text} is no scope`, `use some of ${knownScopes.join(', ')}`)
}
