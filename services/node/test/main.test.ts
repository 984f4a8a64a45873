import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { createTestDatabase } from '../../../test/support/database.ts'
import { initNode } from '../src/index.ts'
import { createTestFolder } from './support/folder.ts'

const { PATH } = process.env
const source = join(import.meta.dirname, '../src')
/** Says at the end whether Node has loaded its reader of TypeScript (amaro). */
const watch = `process.on('exit', () => console.error('reader:', process.moduleLoadList.some((name) => name.includes('amaro'))))`

t.test('the process of a node', async (t) => {
  const { url: databaseUrl } = await createTestDatabase(t)
  const dataDir = await createTestFolder(t)
  const entityId = 'https://one.example'
  await initNode(dataDir, { entityId, baseUrl: entityId, port: 0, databaseUrl, operations: { port: 0 } }, new Date())

  await t.test('works from its sources alone', async (t) => {
    const said = await startAndStop(dataDir, { NODE_DISABLE_COMPILE_CACHE: '1' })
    t.match(said, 'https://one.example listens on http://127.0.0.1:')
    t.match(said, 'reader: true')
  })

  await t.test('never loads the reader of TypeScript where the sources are compiled', async (t) => {
    const compiled = spawnSync(process.execPath, [join(source, 'compile.mjs')], { env: { PATH } })
    t.equal(compiled.status, 0, String(compiled.stderr))
    const said = await startAndStop(dataDir)
    t.match(said, 'https://one.example listens on http://127.0.0.1:')
    t.match(said, 'reader: false')
  })
})

/** @returns what it wrote to standard error until it had stopped. */
async function startAndStop(dataDir: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const args = ['--import', `data:text/javascript,${watch}`, join(source, 'main.mjs'), '--data', dataDir]
  const env = { PATH, CONCORDANCE_LOG_LEVEL: 'silent', ...more }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.once('data', () => child.kill('SIGTERM')) // it speaks when it listens, or ends by itself
  const [said] = await Promise.all([text(child.stderr), once(child, 'close')])
  return said
}
