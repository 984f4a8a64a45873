import { api, type Marking, type RecordInput } from '@concordance/protocol'
import t from 'tap'
import { append, appendGroup, remark } from '../../packages/exchange/test/support/append.ts'
import type { Institute } from '../network/start-network.ts'
import { misconductOf, publish, startTestNetwork } from '../network/test-network.ts'
import { until } from '../network/until.ts'

const green = { tlp: 'GREEN', relay: 'none' } as const
/** Long enough that the node does not publish the next snapshot by itself. */
const lasting = { validForSeconds: 7 * 24 * 60 * 60 }

t.test('three institutes that follow each other by themselves', async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo', 'lima'], { role: 'all' })
  const [nairobi, oslo, lima] = ['nairobi', 'oslo', 'lima'].map((key) => network.institute(key)) as [
    Institute,
    Institute,
    Institute,
  ]
  const { deps } = nairobi.node
  const first = await appendGroup(deps, [{ iss: oslo.entityId }], lasting)
  const amber: Marking = { tlp: 'AMBER', relay: 'none', group: first.circle }
  const shown = await publish(nairobi, 'Shown to all at first.', green)
  for (const peer of [oslo, lima]) await sees(peer, shown.recordId)

  await t.test('a narrowing reaches its former reader, and leaves the others their record', async (t) => {
    await remark(deps, shown.recordId, amber, amber)
    await seesNot(lima, shown.recordId)
    t.ok(await isSeen(oslo, shown.recordId))
  })

  await t.test('a record for a group opens to a member who joins later', async (t) => {
    const inside = await publish(nairobi, 'For the group.', amber as RecordInput['mark'])
    await sees(oslo, inside.recordId)
    t.notOk(await isSeen(lima, inside.recordId))
    const members = [{ iss: oslo.entityId }, { iss: lima.entityId }]
    await appendGroup(deps, members, { ...first.circle, ...lasting, version: 2, prev: first.recordId })
    await sees(lima, inside.recordId)
    await sees(lima, shown.recordId)
  })

  await t.test('an embargo that ends opens its record within the wait, without a new entry', async (t) => {
    const embargoUntil = Math.floor(Date.now() / 1_000) + 4
    const held = await publish(nairobi, 'Not before its time.', { ...green, embargoUntil })
    await until('the entry is copied', async () => (await verifiedSize(lima)) > held.position)
    const size = await verifiedSize(lima)
    t.notOk(await isSeen(lima, held.recordId))
    for (const peer of [oslo, lima]) await sees(peer, held.recordId)
    t.equal(await verifiedSize(lima), size)
  })

  await t.test('and nobody accuses anybody', async (t) => {
    for (const peer of [oslo, lima]) t.same(await misconductOf(peer, nairobi), [])
  })

  async function verifiedSize({ client }: Institute): Promise<number> {
    const { items } = await client.call(api.listPeerSync, {})
    return items.find(({ iss }) => iss === nairobi.entityId)?.size ?? 0
  }
})

/** What happened while it was away is in the feed. */
t.test('a peer that was away learns what it may not show any more', async (t) => {
  const network = await startTestNetwork(t, ['nairobi', 'oslo'], { role: 'all' })
  const [nairobi, oslo] = [network.institute('nairobi'), network.institute('oslo')]
  const shown = await append(nairobi.node.deps, { mark: green })
  await sees(oslo, shown.recordId)
  await oslo.node.stop()
  await remark(nairobi.node.deps, shown.recordId, { tlp: 'RED', relay: 'none' }, { tlp: 'RED', relay: 'none' })
  await network.restart('oslo')
  await seesNot(oslo, shown.recordId)
  t.same(await misconductOf(oslo, nairobi), [])
})

async function isSeen({ client }: Institute, id: string): Promise<boolean> {
  return client.call(api.getRecord, { params: { id } }).then(
    () => true,
    () => false,
  )
}

function sees(institute: Institute, id: string): Promise<void> {
  return until(`${institute.key} sees the record`, () => isSeen(institute, id), 60_000)
}

function seesNot(institute: Institute, id: string): Promise<void> {
  return until(`${institute.key} sees the record no more`, async () => !(await isSeen(institute, id)), 60_000)
}
