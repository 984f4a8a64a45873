import pg from 'pg'
import type { Test } from 'tap'
import { createTestDatabase } from '../../../../test/support/database.ts'
import { createStemMemory, type Stemmer } from '../../src/search/stem.ts'

export interface TestStemmer extends Stemmer {
  readonly connection: pg.Client
}

/** A stemmer on a connection of its own, with nothing in its memory. */
export async function openStemmer(t: Test, wordsAtMost?: number): Promise<TestStemmer> {
  const { url } = await createTestDatabase(t)
  const connection = new pg.Client({ connectionString: url })
  await connection.connect()
  t.teardown(() => connection.end())
  return { memory: createStemMemory(wordsAtMost), connection }
}

/** A stemmer that notes the statements in which it asks for stems. */
export function countStatements({ memory, connection }: TestStemmer): Stemmer & { readonly statements: string[] } {
  const statements: string[] = []
  const query = (statement: string | pg.QueryConfig, values?: unknown[]) => {
    const text = typeof statement === 'string' ? statement : statement.text
    if (text.includes('ts_lexize')) statements.push(text)
    return connection.query(statement, values)
  }
  return { memory, connection: { query } as unknown as Stemmer['connection'], statements }
}

/** Whether PostgreSQL finds the words by the query. */
export async function isFound({ connection }: TestStemmer, words: Buffer, query: string): Promise<boolean> {
  const { rows } = await connection.query('select $1::tsvector @@ $2::tsquery as found', [words, query])
  return rows[0].found
}
