// Starts a server and does nothing more, for a test that ends this process from outside.
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'

const [dataDir = ''] = process.argv.slice(2)
const { pid } = await startEmbeddedPostgres({ dataDir })
process.stdout.write(`${pid}\n`)
setInterval(() => {}, 60_000)
