import { type MisconductBundle, verifyMisconduct } from '@concordance/log'
import type { Test } from 'tap'
import type { Institute } from './start-network.ts'
import { misconductOf, publish, round, startTestNetwork, syncOf } from './test-network.ts'

/** Two institutes that watch a third, of which both have copied four entries; so far everybody is honest. */
export async function watch(t: Test) {
  const network = await startTestNetwork(t, ['oslo', 'lima', 'nairobi'], { lines: true })
  const [oslo, lima, peer] = network.institutes as [Institute, Institute, Institute]
  for (const seen of ['first', 'second', 'third']) await publish(peer, seen)
  await round(oslo, lima, oslo)
  for (const watcher of [oslo, lima]) await isFollowed(t, watcher, peer, 4)
  return { network, oslo, lima, peer, watchers: [oslo, lima] }
}

export async function isCaught(
  t: Test,
  watcher: Institute,
  peer: Institute,
  kind: MisconductBundle['kind'],
): Promise<void> {
  t.equal((await syncOf(watcher, peer))?.state, 'frozen')
  const [found, ...more] = await misconductOf(watcher, peer)
  t.strictSame(more, [], 'one thing is one piece of evidence')
  t.equal(found?.kind, kind)
  // As a third party has it: through JSON, with nothing but the pin.
  const bundle: unknown = JSON.parse(JSON.stringify(found?.bundle))
  t.match(verifyMisconduct(bundle, peer.pin), { kind, iss: peer.entityId })
  t.throws(() => verifyMisconduct(bundle, watcher.pin), 'under another pin it convinces nobody')
}

export async function isFollowed(t: Test, watcher: Institute, peer: Institute, size: number): Promise<void> {
  t.match(await syncOf(watcher, peer), { state: 'following', size })
  t.strictSame(await misconductOf(watcher, peer), [])
}
