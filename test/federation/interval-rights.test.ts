import { projectAll, syncNow } from '@concordance/exchange'
import { api, type Receipt } from '@concordance/protocol'
import t from 'tap'
import { append, appendGroup, remark } from '../../packages/exchange/test/support/append.ts'
import type { Institute } from '../network/start-network.ts'
import { misconductOf, publish, startTestNetwork, syncOf } from '../network/test-network.ts'

const every = 600
const leaves = 16

t.test('rights that change within an interval', async (t) => {
  const clock = { seconds: (Math.floor(Date.now() / 1_000 / every) + 1) * every + 1 }
  const now = () => new Date(clock.seconds * 1_000)
  const network = await startTestNetwork(t, ['nairobi', 'oslo'], { sealing: { every, leaves }, now })
  const origin = network.institute('nairobi')
  const peer = network.institute('oslo')
  const { deps } = origin.node
  const tick = async () => {
    clock.seconds = (Math.floor(clock.seconds / every) + 1) * every + 1
    await deps.writer.closeIntervals()
    await deps.writer.seal()
  }
  const read = async () => {
    await syncNow(peer.node.deps)
    await projectAll(peer.node.deps)
    t.match(await syncOf(peer, origin), { state: 'following' })
    t.same(await misconductOf(peer, origin), [])
  }
  const has = (receipt: Receipt) => holds(peer, receipt.recordId)

  const narrowed = await publish(origin, 'narrowed later', { tlp: 'GREEN', relay: 'none' })
  const group = await appendGroup(deps, [{ iss: origin.entityId }], undefined)
  const widened = await append(deps, { mark: { tlp: 'AMBER', relay: 'none', group: group.circle } })
  await tick()
  await read()
  t.equal(await has(narrowed), true)
  t.equal(await has(widened), false)

  await t.test('close a narrowed record to the peer before the tick', async (t) => {
    const strict = { tlp: 'AMBER', relay: 'none', group: group.circle } as const
    await remark(deps, narrowed.recordId, strict, strict)
    await read()
    t.equal(await has(narrowed), false)
  })

  await t.test('open nothing that is not in the log yet', async (t) => {
    const next = { finding: group.finding, version: 2, prev: group.recordId, validForSeconds: 10 * every }
    const fresh = await append(deps, { mark: { tlp: 'AMBER', relay: 'none', group: group.circle } })
    await appendGroup(deps, [{ iss: origin.entityId }, { iss: peer.entityId }], next)
    await read()
    t.equal(await has(fresh), false)
    await tick()
    await read()
    t.equal(await has(fresh), true)
    t.equal(await has(widened), true, 'a new member has what the group held before')
    t.equal(await has(narrowed), true, 'and what was narrowed to the group')
  })

  await t.test('leave the copy as long as the log', async (t) => {
    t.match(await syncOf(peer, origin), { size: 1 + 2 * leaves, state: 'following' })
  })
})

async function holds({ client }: Institute, id: string): Promise<boolean> {
  return client.call(api.getRecord, { params: { id } }).then(
    ({ state }) => state === 'open',
    () => false,
  )
}
