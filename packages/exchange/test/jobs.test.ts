import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { recordDelivery } from '../src/access/deliveries.ts'
import { startJobs } from '../src/jobs.ts'
import { openInstitute } from './support/institute.ts'

const b = 'https://b.institute.example'

t.test('a peer is told that our log grew', async (t) => {
  const { deps } = await openInstitute(t, { peers: [{ iss: b, baseUrl: b, pin: 'A'.repeat(43) }] })
  const told: string[] = []
  const tasks = {
    reseal: async () => {},
    renewGroups: async () => {},
    notifyPeer: async (iss: string) => void told.push(iss),
  }
  const jobs = await startJobs(deps, tasks)
  t.teardown(() => jobs.stop())
  const grow = (size: number) => deps.wake.announce(`log:${deps.identity.iss}`, size)
  const give = (size: number) => {
    const page = { from: size - 10, to: size }
    return recordDelivery(deps, { peer: b, kind: 'page', page, positions: [size - 1], accessAt: 0 })
  }

  await t.test('not where it has the news already, though the log grew again since', async (t) => {
    grow(10)
    await give(10)
    grow(20)
    await sleep(250)
    await give(20)
    await sleep(750)
    t.same(told, [])
  })

  await t.test('where it has not asked within a moment', async (t) => {
    grow(30)
    for (let waited = 0; told.length === 0 && waited < 10_000; waited += 50) await sleep(50)
    t.same(told, [b])
  })

  await t.test('of what came while it was being told of something else', async (t) => {
    told.length = 0
    grow(40)
    await give(40)
    grow(50)
    for (let waited = 0; told.length === 0 && waited < 10_000; waited += 50) await sleep(50)
    t.same(told, [b])
  })
})
