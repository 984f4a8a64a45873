import t from 'tap'
import { openPeerLocks } from '../../src/sync/peer-locks.ts'
import { openInstitute } from '../support/institute.ts'

const peers = ['b', 'c', 'd', 'e'].map((name) => `https://${name}.institute.example`)
const each = <Value>(value: Value) => peers.map(() => value)

t.test('peers that are asked for together', async (t) => {
  const { deps } = await openInstitute(t)
  const locks = openPeerLocks(deps)
  const others = openPeerLocks(deps)
  t.teardown(() => others.release())
  const warnings: string[] = []
  const note = ({ message }: Error) => void warnings.push(message)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))

  await t.test('are all held, by questions that wait for one another', async (t) => {
    t.same(await Promise.all(peers.map((iss) => locks.hold(iss))), each(true))
    await new Promise(setImmediate) // a warning is told in a turn of its own
    t.same(warnings, [])
  })

  await t.test('are nobody else’s until they are let go', async (t) => {
    t.same(await Promise.all(peers.map((iss) => others.hold(iss))), each(false))
    await locks.release()
    t.same(await Promise.all(peers.map((iss) => others.hold(iss))), each(true))
  })
})
