import { api } from '@concordance/protocol'
import t from 'tap'
import { copyDatabase, restoreFrom } from '../network/forge.ts'
import { misconductOf, publish, round, syncOf } from '../network/test-network.ts'
import { isCaught, isFollowed, watch } from '../network/watch.ts'

t.test('a peer that is restored from an old backup', async (t) => {
  const { network, oslo, lima, watchers, peer } = await watch(t)
  const backup = await copyDatabase(peer, network.serverUrl)
  await publish(peer, 'lost with the disk')
  await round(oslo, lima)

  await t.test('publishes nothing before its operator confirms it', async (t) => {
    await restoreFrom(peer, backup)
    await t.rejects(publish(peer, 'another fourth'), { code: 'log-unconfirmed' })
    await round(oslo, lima)
    // An old checkpoint under an old time is what a stale line shows too: it proves nothing.
    for (const watcher of watchers) {
      t.match(await syncOf(watcher, peer), { state: 'following', size: 5, lastError: 'CHECKPOINT_TIME' })
    }
    t.strictSame(await misconductOf(oslo, peer), [])
  })

  await t.test('is caught when the operator confirms it nevertheless', async (t) => {
    await peer.client.call(api.confirmLog, { body: { size: 4, reason: 'the backup is good enough' } })
    await publish(peer, 'another fourth')
    await round(oslo, lima)
    for (const watcher of watchers) await isCaught(t, watcher, peer, 'two-roots')
  })
})

t.test('a line that flips bits stops a peer as unverifiable, and an honest line takes it up again', async (t) => {
  const { network, oslo, lima, peer } = await watch(t)
  const line = network.line('oslo', 'nairobi')
  await publish(peer, 'garbled on the way')
  line.mode = { kind: 'alter', alter: (body, path) => (path.startsWith('/v1/log/entries') ? flipMiddle(body) : body) }
  await round(oslo, lima)
  t.equal((await syncOf(oslo, peer))?.state, 'unverifiable')
  t.equal((await syncOf(oslo, peer))?.size, 4)
  t.strictSame(await misconductOf(oslo, peer), [])
  await isFollowed(t, lima, peer, 5)

  line.mode = { kind: 'pass' }
  await round(oslo)
  await isFollowed(t, oslo, peer, 5)
})

t.test('an institute that publishes, revises, withdraws, restarts and is restored from a fresh backup', async (t) => {
  const { network, oslo, lima, watchers, peer } = await watch(t)
  const { finding } = await publish(peer, 'as first seen')
  const { recordId } = await publish(peer, 'as later seen', undefined, { finding, version: 2 })
  await network.restart('nairobi')
  await round(oslo)
  await peer.client.call(api.withdrawFinding, {
    params: { finding },
    headers: { 'idempotency-key': 'withdraw-once' },
    body: { reason: 'error' },
  })
  await round(lima)
  const backup = await copyDatabase(peer, network.serverUrl)
  await restoreFrom(peer, backup)
  await peer.client.call(api.confirmLog, { body: { size: 7, reason: 'nothing was published since the backup' } })
  await publish(peer, 'after the restore')
  await round(oslo, lima, oslo)
  for (const watcher of watchers) await isFollowed(t, watcher, peer, 8)
  const seen = await oslo.client.call(api.getRecord, { params: { id: recordId } })
  t.equal(seen.status, 'withdrawn')
})

function flipMiddle(body: Buffer): Buffer {
  const altered = Buffer.from(body)
  const at = Math.floor(altered.length / 2)
  altered[at] = (altered[at] ?? 0) ^ 1
  return altered
}
