import t from 'tap'
import type { Institute } from '../network/start-network.ts'
import { startTestNetwork, syncOf } from '../network/test-network.ts'
import { until } from '../network/until.ts'

/** Less than a node holds a request open that has nothing to tell. */
const soonMs = 15_000

t.test('a peer that is back is not said to be out of reach any more, long before it has something new', async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo'], { lines: true, role: 'all' })
  const [nairobi, oslo] = network.institutes as [Institute, Institute]
  const errorAtOslo = async () => (await syncOf(oslo, nairobi))?.lastError
  await until('oslo follows', async () => (await syncOf(oslo, nairobi))?.size === 1)
  network.line('oslo', 'nairobi').mode = { kind: 'cut' }
  await network.restart('oslo')
  await until('oslo misses its peer', async () => (await errorAtOslo()) !== undefined)
  network.line('oslo', 'nairobi').mode = { kind: 'pass' }
  await until('oslo has found it', async () => (await errorAtOslo()) === undefined, soonMs)
  t.match(await syncOf(oslo, nairobi), { state: 'following', size: 1 })
})
