import { api, type RecordInput } from '@concordance/protocol'
import t from 'tap'
import type { Heard } from '../network/line.ts'
import type { Institute } from '../network/start-network.ts'
import { publish, rowsOf, startTestNetwork, syncOf } from '../network/test-network.ts'
import { until } from '../network/until.ts'

const group = { iss: 'https://nairobi.example', finding: '01890a5d-ac96-774b-bcce-b302099a8057' }
const marks = {
  clear: { tlp: 'CLEAR', relay: 'any' },
  green: { tlp: 'GREEN', relay: 'none' },
  amber: { tlp: 'AMBER', relay: 'none', group },
  strict: { tlp: 'AMBER+STRICT', relay: 'none', group },
  red: { tlp: 'RED', relay: 'none' },
  embargoed: { tlp: 'GREEN', relay: 'none', embargoUntil: Math.floor(Date.now() / 1_000) + 3_600 },
} as const satisfies Record<string, RecordInput['mark']>
const opened = ['clear', 'green'] as const
const closed = ['amber', 'strict', 'red', 'embargoed'] as const

const keys = ['nairobi', 'oslo', 'lima']
const pairs = keys.flatMap((from) => keys.filter((to) => to !== from).map((to) => [from, to] as const))

t.test('a tap on every line between three institutes', async (t) => {
  const network = await startTestNetwork(t, keys, { lines: true, role: 'all' })
  const origin = network.institute('nairobi')
  const peers = [network.institute('oslo'), network.institute('lima')]
  const receipts = new Map<string, string>()
  for (const [name, mark] of Object.entries(marks)) {
    receipts.set(name, (await publish(origin, `canary-${name}-seen`, mark, { lang: 'en' })).recordId)
  }
  const size = 1 + receipts.size
  for (const peer of peers) await until('the log is copied', async () => (await syncOf(peer, origin))?.size === size)
  for (const peer of peers) {
    await until('the open records are read', async () => (await listOf(peer)).length === opened.length)
    // What asks by name, and what asks everybody, passes the same lines.
    for (const name of Object.keys(marks)) await search(peer, `canary-${name}-seen`)
  }

  await t.test('hears the records that are for every peer, which arrive and open there', async (t) => {
    for (const name of opened) {
      const parts = await partsOf(origin, receipts.get(name) as string)
      const heard = pairs.flatMap(([from, to]) => network.line(from, to).heard)
      t.ok(heard.some(hears(parts.statement)) && heard.some(hears(`canary-${name}-seen`)), `${name} is heard`)
      for (const peer of peers) {
        const found = await peer.client.call(api.getRecord, { params: { id: receipts.get(name) as string } })
        t.equal(found.statement, parts.statement)
        t.equal(found.body, parts.body)
      }
    }
  })

  await t.test('hears no byte of a statement or body that is closed to the peers', async (t) => {
    let exchanges = 0
    for (const [from, to] of pairs) {
      const { heard } = network.line(from, to)
      exchanges += heard.length
      for (const name of closed) {
        const recordId = receipts.get(name) as string
        const { statement, body, finding } = await partsOf(origin, recordId)
        const [, payload = '', signature = ''] = statement.split('.')
        const { salt } = JSON.parse(body) as { salt: string }
        const { nonce, body: committed } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
        const secrets = [statement, payload, signature, body, salt, nonce, committed.digest, recordId, finding]
        for (const secret of secrets) t.notOk(heard.some(hears(secret)), `${name} from ${to} to ${from}`)
        const asked = heard.filter(({ path }) => path !== '/v1/search')
        t.notOk(
          asked.some(hears(`canary-${name}-seen`)),
          `words of ${name} are heard from nobody but who searched them`,
        )
        t.notOk(
          heard.some(({ answer }) => answer.includes(`canary-${name}-seen`)),
          `no answer holds words of ${name}`,
        )
      }
    }
    t.ok(exchanges > 30, `${exchanges} exchanges were heard`)
    t.comment(`${exchanges} exchanges heard`)
  })

  await t.test('leaves the closed records at the peers as a hash and nothing else', async (t) => {
    for (const peer of peers) {
      const rows = await rowsOf<{ position: string; record_id: Buffer | null; statement: Buffer | null }>(
        peer.databaseUrl,
        `select position, record_id, statement, body from entry join log on log.id = entry.log where iss = $1
         and record_id is null and statement is null and body is null`,
        origin.entityId,
      )
      t.equal(rows.length, closed.length)
      for (const name of closed) {
        const id = receipts.get(name) as string
        await t.rejects(peer.client.call(api.getRecord, { params: { id } }), { code: 'not-found' })
      }
    }
  })
})

function hears(secret: string) {
  return ({ request, answer, path }: Heard) =>
    request.includes(secret) || answer.includes(secret) || path.includes(secret) || answer.includes(asJson(secret))
}

/** A body travels as a JSON string. */
function asJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

async function partsOf({ client }: Institute, id: string) {
  const { statement, body, finding } = await client.call(api.getRecord, { params: { id } })
  return { statement, body: body as string, finding }
}

async function listOf({ client }: Institute) {
  const query = { iss: 'https://nairobi.example', type: 'observation' }
  return (await client.call(api.listRecords, { query })).items
}

async function search({ client }: Institute, q: string): Promise<void> {
  await client.call(api.search, { query: { q, federated: true } })
}
