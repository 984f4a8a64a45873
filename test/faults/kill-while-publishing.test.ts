import { setTimeout as sleep } from 'node:timers/promises'
import { syncNow } from '@concordance/exchange'
import t from 'tap'
import { moveOut } from '../network/node-process.ts'
import { startTestNetwork } from '../network/test-network.ts'
import { until } from '../network/until.ts'
import { faultsOf, hasConverged, holdsExactlyOnce } from './invariants.ts'
import { startPublishers } from './publishers.ts'

const kills = faultsOf(100)

t.test(`a node that is killed ${kills} times while it publishes loses and doubles nothing`, async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo'])
  const writer = network.institute('nairobi')
  const reader = network.institute('oslo')
  const node = await moveOut(writer)
  t.teardown(() => node.kill())
  node.start()
  await node.ready()
  const publishers = startPublishers(writer, 4)
  for (let kill = 0; kill < kills; kill++) {
    const before = publishers.acknowledged.length
    await until('the node publishes', async () => publishers.acknowledged.length > before, 60_000)
    await syncNow(reader.node.deps)
    await sleep(Math.random() * 150)
    await node.kill()
    node.start()
    // Every fifth crash comes while it starts.
    if (kill % 5 === 4) {
      await sleep(Math.random() * 1_000)
      await node.kill()
      node.start()
    }
  }
  await node.ready()
  await publishers.stop()
  const { acknowledged, retried } = publishers
  t.comment(`${kills} kills, ${acknowledged.length} acknowledged, ${retried} tries failed`)
  t.ok(acknowledged.length > kills)
  t.ok(retried > 0, 'the crashes were felt')
  await holdsExactlyOnce(t, writer, acknowledged)
  await syncNow(reader.node.deps)
  await hasConverged(t, reader, writer)
})
