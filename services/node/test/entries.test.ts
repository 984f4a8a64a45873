import { hash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { appendRecord } from '@concordance/exchange'
import { parseEntryLine, parseTrailerLine } from '@concordance/protocol'
import t from 'tap'
import { startTestNode, type TestNode } from './support/node.ts'
import { observation } from './support/observation.ts'
import { type Answer, send } from './support/send.ts'

t.test('copying the log', async (t) => {
  const node = await startTestNode(t)
  const publish = (seen: string, tlp?: 'GREEN' | 'RED') =>
    appendRecord(node.deps, observation(seen, tlp), { actor: 'staff', idempotencyKey: randomUUID() })
  const page = async (query: string) => {
    const path = `/v1/log/entries?${query}`
    return send(node.url, { path, headers: await node.peer.headers(path) })
  }
  const sizeNow = async () => read(await page('from=0')).trailer.next

  await t.test('gives entries and a trailer, one JSON object a line, uncompressed', async (t) => {
    await publish('open')
    await publish('closed', 'RED')
    await sealed(node, 3)
    const answer = await page('from=0')
    t.equal(answer.headers['content-type'], 'application/x-ndjson')
    t.equal(answer.headers['content-encoding'], undefined)
    t.equal(answer.headers['cache-control'], undefined)
    t.equal(answer.headers['content-security-policy'], undefined, 'no browser can sign a request')
    const { entries, trailer } = read(answer)
    t.same(
      entries.map(({ position, state }) => [position, state]),
      [
        [0, 'open'],
        [1, 'open'],
        [2, 'hash'],
      ],
    )
    t.equal(trailer.next, 3)
    t.notMatch(answer.text, /closed/)
  })

  await t.test('goes on where a page ended', async (t) => {
    const first = read(await page('from=0&limit=2'))
    t.equal(first.entries.length, 2)
    t.same(
      read(await page(`from=${first.trailer.next}`)).entries.map(({ position }) => position),
      [2],
    )
    t.same(read(await page('from=1000')).entries, [], 'beyond the end there is nothing')
  })

  await t.test('waits for the log to grow, and answers at once when it does', async (t) => {
    const size = await sizeNow()
    const started = performance.now()
    const waiting = page(`from=${size}&wait=20`)
    await sleep(300)
    await publish('new')
    const { entries } = read(await waiting)
    t.equal(entries[0]?.position, size)
    t.ok(performance.now() - started < 10_000)
  })

  await t.test('gives an empty page when the time is over', async (t) => {
    const size = await sizeNow()
    const { entries, trailer } = read(await page(`from=${size}&wait=1`))
    t.same(entries, [])
    t.equal(trailer.next, size)
  })

  await t.test('reads the rights of a peer again after the wait', async (t) => {
    const size = await sizeNow()
    const waiting = page(`from=${size}&wait=20`)
    await sleep(300)
    await setState(node, 'suspended')
    await publish('for friends')
    const answer = await waiting
    t.equal(answer.status, 403)
    t.notMatch(answer.text, /friends/)
    await setState(node, 'active')
    await sleep(2_100)
    t.equal((await page('from=0')).status, 200, 'an active peer is answered again')
  })

  await t.test('lets one peer wait four times at once, and answers the fifth at once', async (t) => {
    const size = await sizeNow()
    const waiting = Array.from({ length: 4 }, () => page(`from=${size}&wait=3`))
    await sleep(500)
    const started = performance.now()
    t.same(read(await page(`from=${size}&wait=3`)).entries, [])
    t.ok(performance.now() - started < 1_500)
    await Promise.all(waiting)
  })

  await t.test('gives the place free when the asker goes away', async (t) => {
    const size = await sizeNow()
    for (let round = 0; round < 6; round++) {
      const path = `/v1/log/entries?from=${size}&wait=25`
      const asking = request(node.url, { path, headers: await node.peer.headers(path), agent: false }).end()
      asking.on('error', () => undefined) // our own abort
      await once(asking, 'socket')
      await sleep(200)
      asking.destroy()
      await sleep(100)
    }
    const started = performance.now()
    await page(`from=${size}&wait=2`)
    t.ok(performance.now() - started > 1_500, 'it waited, so there was a place')
  })

  await t.test('a hint of a peer reaches whoever follows it', async (t) => {
    const path = '/v1/notify'
    const body = '{"size":9}'
    const headers = await node.peer.headers(path, { htm: 'POST', bdg: hash('sha256', body, 'base64url') })
    const heard = node.deps.wake.latest(`hint:${node.peer.iss}`)
    t.equal((await send(node.url, { method: 'POST', path, headers, body })).status, 204)
    t.ok(node.deps.wake.latest(`hint:${node.peer.iss}`) > heard)
  })
})

t.test('a node that stops ends its waits at once, and the connections of those who waited', async (t) => {
  const node = await startTestNode(t)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const path = '/v1/log/entries?from=1&wait=25'
  const waiting = request(node.url, { path, headers: await node.peer.headers(path), agent }).end()
  const answered = once(waiting, 'response') as Promise<[IncomingMessage]>
  await sleep(500)
  const started = performance.now()
  await node.stop()
  t.ok(performance.now() - started < 5_000)
  const [answer] = await answered
  t.equal(answer.statusCode, 200)
  answer.resume()
})

function read({ status, text }: Answer) {
  if (status !== 200) throw new Error(text)
  const lines = text.trimEnd().split('\n')
  return { entries: lines.slice(0, -1).map(parseEntryLine), trailer: parseTrailerLine(lines.at(-1) ?? '') }
}

async function setState({ deps, peer }: TestNode, state: 'active' | 'suspended'): Promise<void> {
  await deps.db.updateTable('peer').set({ state }).where('iss', '=', peer.iss).execute()
}

/** A record is acknowledged once it is durable; the checkpoint that covers it follows. */
async function sealed({ deps }: TestNode, size: number): Promise<void> {
  await deps.wake.wait(`log:${deps.identity.iss}`, size - 1, 5_000)
}
