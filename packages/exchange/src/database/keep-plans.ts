import { hash } from 'node:crypto'
import { sql } from 'kysely'
import type pg from 'pg'

const mark = '/* its plan is kept */'

/**
 * Stands at the end of a statement whose plan each connection keeps: behind the second wall planning takes ten times what the
 * answer does. For statements of few shapes alone, since a connection never forgets one, and for none whose best plan turns
 * on what is asked.
 */
export const planIsKept = sql.raw(mark)

/** Lets a connection keep the plans of statements that ask for it. */
export function keepPlans(client: pg.ClientBase): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  client.query = ((text: unknown, values: unknown, ...more: unknown[]) =>
    typeof text === 'string' && text.endsWith(mark)
      ? query({ name: nameOf(text), text, values }, ...more)
      : query(text, values, ...more)) as typeof client.query
}

/** At most 63 bytes, as PostgreSQL has it. */
function nameOf(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = hash('sha256', text, 'base64url')
    names.set(text, name)
  }
  return name
}

const names = new Map<string, string>()
