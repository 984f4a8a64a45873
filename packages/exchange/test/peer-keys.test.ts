import t from 'tap'
import { findPeerKey } from '../src/peer-keys.ts'
import { suspendPeer } from '../src/peers.ts'
import { start } from './support/institute.ts'
import { follow, openFollower, openOrigin } from './support/peering.ts'

/** As promised to whoever waits for a first answer. */
const knownWithinSeconds = 0.2

t.test('the request key of a peer', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const other = await follower.open()
  const { kid } = origin.deps.signers.request
  const find = ({ deps } = follower as Pick<typeof follower, 'deps'>) => findPeerKey(deps, origin.iss, kid)

  await t.test('is not known before its keyset document is', async (t) => {
    t.equal(await find(), undefined)
    t.equal(await find(other), undefined)
  })

  await t.test(
    'is known at once where the document was verified, so that first contact waits for nothing',
    async (t) => {
      await follow(follower)
      t.equal((await find())?.kid, kid)
    },
  )

  await t.test('is known soon to another process of the node', async (t) => {
    follower.clock.seconds += knownWithinSeconds
    t.equal((await find(other))?.kid, kid)
  })

  await t.test('is not known while the peer is suspended', async (t) => {
    await suspendPeer(follower.deps, origin.iss, 'suspend', 'ada')
    t.equal(await find(), undefined)
    await suspendPeer(follower.deps, origin.iss, 'resume', 'ada')
    t.equal((await find())?.kid, kid)
  })
})

t.test('a flood of requests under keys that a peer does not have', async (t) => {
  const origin = await openOrigin(t)
  const follower = await openFollower(t, origin)
  const { deps, clock } = follower
  const flood = async (seconds: number) => {
    const cost = { hints: 0, connections: 0 }
    const count = () => void cost.connections++
    const stop = deps.wake.listen((topic) => void (topic === `hint:${origin.iss}` && cost.hints++))
    deps.pool.on('acquire', count)
    for (const until = clock.seconds + seconds; clock.seconds < until; clock.seconds += 0.05) {
      const kids = Array.from({ length: 50 }, (_, index) => `unknown-${index}`)
      await Promise.all(kids.map((kid) => findPeerKey(deps, origin.iss, kid)))
    }
    deps.pool.off('acquire', count)
    stop()
    return cost
  }
  /** Two statements every 150 ms, of which each flood begins one more. */
  const readsAtMost = (seconds: number) => 2 * (Math.ceil(seconds / 0.15) + 1)

  await t.test('asks the peer for its keys once in five seconds, and the database a few times a second', async (t) => {
    const first = await flood(4.9)
    t.equal(first.hints, 1)
    t.ok(first.connections <= readsAtMost(4.9), `${first.connections}`)
    t.equal((await flood(4.9)).hints, 1)
  })

  await t.test('does the same where other keys of the peer are known', async (t) => {
    await follow(follower)
    clock.seconds = start + 60
    const { hints, connections } = await flood(4.9)
    t.equal(hints, 1)
    t.ok(connections <= readsAtMost(4.9), `${connections}`)
  })

  await t.test('does not hide the key that the peer has', async (t) => {
    const { kid } = origin.deps.signers.request
    t.equal((await findPeerKey(deps, origin.iss, kid))?.kid, kid)
  })
})
