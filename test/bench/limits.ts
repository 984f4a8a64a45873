import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import pg from 'pg'

/** Ed25519 verifications per second on one thread and nothing else: what any verified sync is bounded by. */
export function verificationRate(count: number): number {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const messages = Array.from({ length: 200 }, () => {
    const message = randomBytes(1_024)
    return { message, signature: sign(null, message, privateKey) }
  })
  const started = performance.now()
  for (let i = 0; i < count; i++) {
    const { message, signature } = messages[i % messages.length] as (typeof messages)[number]
    if (!verify(null, message, publicKey, signature)) throw new Error('an honest signature did not verify')
  }
  return (count / (performance.now() - started)) * 1_000
}

/** Single-row autocommit INSERTs per second over so many connections: what any durable write is bounded by. */
export async function insertRate(
  url: string,
  { connections, count }: { connections: number; count: number },
): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: connections })
  const payload = randomBytes(2_048)
  await pool.query(
    'create table if not exists bench_insert (id bigint generated always as identity primary key, payload bytea)',
  )
  let left = count
  const started = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) await pool.query('insert into bench_insert (payload) values ($1)', [payload])
    }),
  )
  const rate = (count / (performance.now() - started)) * 1_000
  await pool.query('drop table bench_insert')
  await pool.end()
  return rate
}
