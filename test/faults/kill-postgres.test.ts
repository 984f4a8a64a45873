import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmbeddedPostgres } from '@concordance/exchange/embedded-postgres'
import t from 'tap'
import { startNetwork } from '../network/start-network.ts'
import { dataRoot } from '../network/test-network.ts'
import { until } from '../network/until.ts'
import { faultsOf, hasConverged, holdsExactlyOnce } from './invariants.ts'
import { startPublishers } from './publishers.ts'

const kills = faultsOf(20)

t.test(`PostgreSQL that is killed ${kills} times under two nodes loses and doubles nothing`, async (t) => {
  const dataDir = join(dataRoot, `test-faults-${randomBytes(6).toString('hex')}`)
  const postgres = () => startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') })
  let server = await postgres()
  const institutes = ['nairobi', 'oslo'].map((key) => ({ key, name: { en: key } }))
  const network = await startNetwork({ institutes, dataDir, serverUrl: server.url, prefix: 'faults' })
  t.teardown(async () => {
    await network.stop()
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  const writer = network.institute('nairobi')
  const reader = network.institute('oslo')
  const publishers = startPublishers(writer, 4)
  for (let kill = 0; kill < kills; kill++) {
    const before = publishers.acknowledged.length
    await until('the node publishes again', async () => publishers.acknowledged.length > before, 60_000)
    await sleep(Math.random() * 300)
    const { port } = server
    server.kill()
    await server.stop()
    server = await postgres()
    t.equal(server.port, port, 'the nodes find it where it was')
  }
  await until('the node publishes again', async () => publishers.acknowledged.length > kills, 60_000)
  await publishers.stop()
  const { acknowledged, retried } = publishers
  t.comment(`${kills} kills, ${acknowledged.length} acknowledged, ${retried} tries failed`)
  t.ok(retried > 0, 'the crashes were felt')
  await holdsExactlyOnce(t, writer, acknowledged)
  await hasConverged(t, reader, writer)
})
