import t, { type Test } from 'tap'
import { copyDatabase, cutLog, forgeRecord, placeRecord, signAnew, startOtherFace } from '../network/forge.ts'
import { publish, round, type TestNetwork, tamper } from '../network/test-network.ts'
import { isCaught, watch } from '../network/watch.ts'

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

t.test('a peer that signs two records for one version of a finding is caught by reading them', async (t) => {
  const { oslo, lima, watchers, peer } = await watch(t)
  const { finding } = await publish(peer, 'this was seen')
  await placeRecord(peer.databaseUrl, 5, await forgeRecord(peer, 'that was seen', { finding }))
  await signAnew(peer, peer.databaseUrl)
  await round(oslo, lima)
  for (const watcher of watchers) await isCaught(t, watcher, peer, 'two-records-for-one-version')
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
