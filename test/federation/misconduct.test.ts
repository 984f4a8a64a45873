import { type MisconductBundle, verifyMisconduct } from '@concordance/log'
import { api } from '@concordance/protocol'
import t, { type Test } from 'tap'
import {
  copyDatabase,
  cutLog,
  forgeRecord,
  placeRecord,
  restoreFrom,
  signAnew,
  startOtherFace,
} from '../network/forge.ts'
import type { Institute } from '../network/start-network.ts'
import {
  misconductOf,
  publish,
  round,
  startTestNetwork,
  syncOf,
  type TestNetwork,
  tamper,
} from '../network/test-network.ts'

/** Two institutes that watch a third, of which both have copied four entries; so far everybody is honest. */
async function watch(t: Test) {
  const network = await startTestNetwork(t, ['oslo', 'lima', 'nairobi'], { lines: true })
  const [oslo, lima, peer] = network.institutes as [Institute, Institute, Institute]
  for (const seen of ['first', 'second', 'third']) await publish(peer, seen)
  await round(oslo, lima, oslo)
  for (const watcher of [oslo, lima]) await isFollowed(t, watcher, peer, 4)
  return { network, oslo, lima, peer, watchers: [oslo, lima] }
}

t.test('a peer that rewrites its history and goes on is caught by its next page', async (t) => {
  const { oslo, lima, watchers, peer } = await watch(t)
  await placeRecord(peer.databaseUrl, 2, await forgeRecord(peer, 'never happened'))
  await placeRecord(peer.databaseUrl, 4, await forgeRecord(peer, 'fourth'))
  await signAnew(peer, peer.databaseUrl)
  await round(oslo, lima)
  for (const watcher of watchers) await isCaught(t, watcher, peer, 'not-append-only')
})

t.test('a peer that rewrites its history and signs the same size again is caught by its next checkpoint', async (t) => {
  const { oslo, lima, watchers, peer } = await watch(t)
  await placeRecord(peer.databaseUrl, 3, await forgeRecord(peer, 'never happened'))
  await signAnew(peer, peer.databaseUrl)
  await round(oslo, lima)
  for (const watcher of watchers) await isCaught(t, watcher, peer, 'two-roots')
})

t.test('a peer that rolls back is caught by a later checkpoint of a smaller size', async (t) => {
  const { oslo, lima, watchers, peer } = await watch(t)
  await cutLog(peer.databaseUrl, 3)
  await signAnew(peer, peer.databaseUrl, 5)
  await round(oslo, lima)
  for (const watcher of watchers) await isCaught(t, watcher, peer, 'rollback')
})

t.test('a peer that shows two faces of one size is caught by comparing', async (t) => {
  const { network, oslo, lima, peer } = await watch(t)
  await showTwoFaces(t, network, 1)
  await round(lima, oslo)
  await isCaught(t, oslo, peer, 'two-roots')
  await round(lima)
  await isCaught(t, lima, peer, 'two-roots')
})

t.test('a peer that shows two faces of different size is caught by comparing', async (t) => {
  const { network, oslo, lima, peer } = await watch(t)
  await showTwoFaces(t, network, 2)
  await round(oslo, lima)
  await isCaught(t, lima, peer, 'not-append-only')
})

t.test('a peer that withholds a GREEN record from one of two is caught by comparing coverage statements', async (t) => {
  const { oslo, lima, peer } = await watch(t)
  await publish(peer, 'not for lima')
  await round(oslo)
  const mark = (tlp: string) => tamper(peer.databaseUrl, ['update own_record set tlp = $1 where position = 4', tlp])
  await mark('RED')
  await round(lima)
  await isCaught(t, lima, peer, 'contradicted-coverage')
  await round(oslo)
  await isCaught(t, oslo, peer, 'contradicted-coverage')
})

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
    for (const watcher of watchers) t.equal((await syncOf(watcher, peer))?.state, 'unverifiable')
    t.strictSame(await misconductOf(oslo, peer), [])
  })

  await t.test('is caught when the operator confirms it nevertheless', async (t) => {
    await peer.client.call(api.confirmLog, { body: { size: 4, reason: 'the backup is good enough' } })
    await publish(peer, 'another fourth')
    await round(oslo, lima)
    for (const watcher of watchers) await isCaught(t, watcher, peer, 'two-roots')
  })
})

t.test('a peer that signs two records for one version of a finding is caught by reading them', async (t) => {
  const { oslo, lima, watchers, peer } = await watch(t)
  const { finding } = await publish(peer, 'this was seen')
  await placeRecord(peer.databaseUrl, 5, await forgeRecord(peer, 'that was seen', { finding }))
  await signAnew(peer, peer.databaseUrl)
  await round(oslo, lima)
  for (const watcher of watchers) await isCaught(t, watcher, peer, 'two-records-for-one-version')
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
  const { finding, recordId } = await publish(peer, 'as first seen')
  await publish(peer, 'as later seen', undefined, { finding, version: 2 })
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

/** Two databases that agree on the first four records and then tell oslo one thing and lima another. */
async function showTwoFaces(t: Test, network: TestNetwork, more: number): Promise<void> {
  const institute = network.institute('nairobi')
  const otherUrl = await copyDatabase(institute, network.serverUrl)
  const other = await startOtherFace(institute, otherUrl)
  t.teardown(() => other.stop())
  network.line('lima', institute.key).target = other.url
  await publish(institute, 'for oslo')
  for (let index = 0; index < more; index++) {
    await placeRecord(otherUrl, 4 + index, await forgeRecord(institute, `for lima ${index}`))
  }
  await signAnew(institute, otherUrl)
}

async function isCaught(t: Test, watcher: Institute, peer: Institute, kind: MisconductBundle['kind']): Promise<void> {
  t.equal((await syncOf(watcher, peer))?.state, 'frozen')
  const [found, ...more] = await misconductOf(watcher, peer)
  t.strictSame(more, [], 'one thing is one piece of evidence')
  t.equal(found?.kind, kind)
  // As a third party has it: through JSON, with nothing but the pin.
  const bundle: unknown = JSON.parse(JSON.stringify(found?.bundle))
  t.match(verifyMisconduct(bundle, peer.pin), { kind, iss: peer.entityId })
  t.throws(() => verifyMisconduct(bundle, watcher.pin), 'under another pin it convinces nobody')
}

async function isFollowed(t: Test, watcher: Institute, peer: Institute, size: number): Promise<void> {
  t.match(await syncOf(watcher, peer), { state: 'following', size })
  t.strictSame(await misconductOf(watcher, peer), [])
}

function flipMiddle(body: Buffer): Buffer {
  const altered = Buffer.from(body)
  const at = Math.floor(altered.length / 2)
  altered[at] = (altered[at] ?? 0) ^ 1
  return altered
}
