import { createRequire } from 'node:module'
import { join } from 'node:path'
import pg from 'pg'

// The very Fastify that the node has, not one of our own.
const requireOfNode = createRequire(join(import.meta.dirname, '..', '..', 'services', 'node', 'package.json'))
const fastify = requireOfNode('fastify') as () => BareFastify

interface BareFastify {
  get(path: string, handler: () => Promise<unknown>): void
  listen(options: { host: string; port: number }): Promise<string>
  close(): Promise<void>
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const app = fastify()
app.get('/readyz', async () => (await pool.query('select 1 as ready')).rows[0])
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
process.on('SIGTERM', async () => {
  await app.close()
  await pool.end()
})
