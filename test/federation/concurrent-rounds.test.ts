import { appendRecord, syncNow } from '@concordance/exchange'
import t from 'tap'
import { inputOf } from '../faults/publishers.ts'
import type { Institute } from '../network/start-network.ts'
import { startTestNetwork, syncOf } from '../network/test-network.ts'

const rounds = 2
const burst = 2_200

t.test('rounds that meet on one copy get in each other’s way and never stop an honest peer', async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo'])
  const [nairobi, oslo] = network.institutes as [Institute, Institute]
  await syncNow(oslo.node.deps) // alone: a first round may end before there is a copy at all
  for (let round = 0; round < rounds; round++) {
    const calls = Array.from({ length: burst }, (_, index) => ({
      actor: 'program',
      idempotencyKey: `${round}-${index}`,
    }))
    await Promise.all(calls.map((call) => appendRecord(nairobi.node.deps, inputOf(call.idempotencyKey), call)))
    await Promise.all([1, 2, 3].map(() => syncNow(oslo.node.deps)))
    t.equal((await syncOf(oslo, nairobi))?.state, 'following')
  }
  await syncNow(oslo.node.deps)
  t.match(await syncOf(oslo, nairobi), { state: 'following', size: 1 + rounds * burst })
})
