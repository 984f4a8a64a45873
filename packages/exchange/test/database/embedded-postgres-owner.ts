// Starts or joins a server and does nothing more, for a test that ends this process from outside.
import { joinEmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts'

const [dataDir = '', how] = process.argv.slice(2)
const server = how === 'join' ? await joinEmbeddedPostgres({ dataDir }) : await startEmbeddedPostgres({ dataDir })
process.stdout.write(`${'pid' in server ? server.pid : 0} ${server.url}\n`)
setInterval(() => {}, 60_000)
