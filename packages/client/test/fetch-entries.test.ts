import type { RequestListener } from 'node:http'
import { formatEntryLine, formatTrailerLine, type WireEntry } from '@concordance/protocol'
import t from 'tap'
import { createClient, fetchEntries } from '../src/index.ts'
import { failing, serve, type Test } from './support/serve.ts'

const leaf = 'A'.repeat(43)
const trailer = { next: 2, coverage: 'a.b.c', checkpoint: 'd.e.f', salt: 'c2FsdC1zYWx0LXNhbHQtLQ' }
const entries: WireEntry[] = [
  { position: 0, leaf, state: 'hash' },
  { position: 1, leaf, state: 'open', statement: 'g.h.i', body: '{"title":"Prüfung 試験 🧪"}' },
]
const page = `${entries.map((entry) => `${formatEntryLine(entry)}\n`).join('')}${formatTrailerLine(trailer)}\n`
const ndjson = { 'content-type': 'application/x-ndjson' }

const sending =
  (text: string | Uint8Array): RequestListener =>
  (_, response) =>
    response.writeHead(200, ndjson).end(text)

async function fetchFrom(t: Test, listener: RequestListener, limit?: number) {
  const client = createClient({ baseUrl: await serve(t, listener), retries: 0 })
  t.teardown(() => client.close())
  return fetchEntries(client, { from: 0, ...(limit === undefined ? {} : { limit }) })
}

t.test('a page', async (t) => {
  await t.test('is its entries, its last line and its size on the wire', async (t) => {
    t.same(await fetchFrom(t, sending(page)), { entries, trailer, bytes: Buffer.byteLength(page) })
  })

  await t.test('reads the same however it is cut into pieces', async (t) => {
    const bytes = Buffer.from(page)
    for (const size of [1, 7, 64]) {
      const listener: RequestListener = async (_, response) => {
        response.writeHead(200, ndjson)
        for (let at = 0; at < bytes.length; at += size) {
          response.write(bytes.subarray(at, at + size))
          await new Promise(setImmediate)
        }
        response.end()
      }
      t.same(await fetchFrom(t, listener), { entries, trailer, bytes: bytes.length })
    }
  })

  await t.test('may be empty but for its last line', async (t) => {
    t.same((await fetchFrom(t, sending(`${formatTrailerLine(trailer)}\n`))).entries, [])
  })

  await t.test('is asked for by position, limit and wait', async (t) => {
    const lines: string[] = []
    const listener: RequestListener = (request, response) => {
      lines.push(request.url ?? '')
      sending(page)(request, response)
    }
    const client = createClient({ baseUrl: await serve(t, listener) })
    t.teardown(() => client.close())
    await fetchEntries(client, { from: 5 })
    await fetchEntries(client, { from: 5, limit: 10, waitSeconds: 25 })
    t.same(lines, ['/v1/log/entries?from=5', '/v1/log/entries?from=5&limit=10&wait=25'])
  })
})

t.test('what is not a whole page is refused', async (t) => {
  const [first = '', second = '', last = ''] = page.split('\n')
  const broken: [string, string][] = [
    ['nothing at all', ''],
    ['a page without its last line', `${first}\n${second}\n`],
    ['a last line without its end', page.slice(0, -1)],
    ['a page cut within a line', page.slice(0, -30)],
    ['lines after the last one', `${page}${first}\n`],
    ['two last lines', `${last}\n${last}\n`],
    ['an empty line', `${first}\n\n${last}\n`],
    ['a line with a carriage return', `${first}\r\n${last}\n`],
    ['a line in another spelling', `${first.replace('{', '{ ')}\n${last}\n`],
    ['a line with a further member', `${first.replace('{', '{"a":1,')}\n${last}\n`],
  ]
  for (const [title, text] of broken) {
    await t.rejects(fetchFrom(t, sending(text)), { name: 'ProtocolError', code: 'PAGE' }, title)
  }
  await t.rejects(
    fetchFrom(t, sending(Buffer.from(page, 'latin1'))),
    { code: 'ANSWER_MALFORMED' },
    'bytes that are not UTF-8',
  )
  const asJson: RequestListener = (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(page)
  await t.rejects(fetchFrom(t, asJson), { code: 'MEDIA_TYPE' }, 'another media type')
  await t.rejects(
    fetchFrom(t, failing({ code: 'unauthenticated', status: 401 })),
    { code: 'unauthenticated' },
    'a problem',
  )
})

t.test('a page beyond its caps is cut off', async (t) => {
  const line = `${formatEntryLine({ position: 0, leaf, state: 'hash' })}\n`
  const end = `${formatTrailerLine(trailer)}\n`
  t.equal((await fetchFrom(t, sending(line.repeat(1000) + end))).entries.length, 1000, 'but not at 1,000 entries')
  await t.rejects(fetchFrom(t, sending(line.repeat(1001) + end)), { code: 'ANSWER_TOO_LARGE' }, 'in entries')
  await t.rejects(fetchFrom(t, sending(line.repeat(3) + end), 2), { code: 'ANSWER_TOO_LARGE' }, 'in entries asked for')
  const endless: RequestListener = (_, response) => {
    response.writeHead(200, ndjson)
    const more = () => {
      while (!response.destroyed && response.write('a'.repeat(65_536)));
    }
    response.on('drain', more)
    more()
  }
  await t.rejects(fetchFrom(t, endless), { code: 'ANSWER_TOO_LARGE' }, 'in bytes, also within one line')
})
