import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatSearchEvent, type SearchEvent } from '@concordance/protocol'
import t from 'tap'
import { createClient, streamSearch } from '../src/index.ts'
import { failing, serve, type Test } from './support/serve.ts'

const queryId = '01890a5d-ac96-774b-bcce-b302099a8057'
const institute = { iss: 'https://oslo.example', status: 'ok', matched: 0 } as const
const local = { queryId, hits: [], matched: 0, facets: {}, freshness: [], asked: [institute.iss] }
const summary = { queryId, order: [], institutes: [institute], complete: true }
const events: SearchEvent[] = [
  { event: 'local', data: local },
  { event: 'institute', data: { institute, hits: [] } },
  { event: 'summary', data: summary },
]
const text = events.map(formatSearchEvent).join(':\n\n')
const problem = {
  type: 'urn:concordance:problem:unavailable',
  title: 'Not available now',
  status: 503,
  code: 'unavailable',
  remedy: 'Try again after a while.',
} as const

const sending =
  (...parts: (string | Uint8Array)[]): RequestListener =>
  async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    for (const part of parts) {
      response.write(part)
      await new Promise(setImmediate)
    }
    response.end()
  }

async function streamFrom(t: Test, listener: RequestListener, timeoutMs?: number) {
  const client = createClient({ baseUrl: await serve(t, listener) })
  t.teardown(() => client.close())
  const heard: SearchEvent[] = []
  const onEvent = (event: SearchEvent) => void heard.push(event)
  const search = { query: { q: 'words' }, onEvent, ...(timeoutMs !== undefined && { timeoutMs }) }
  return { heard, ended: streamSearch(client, search) }
}

t.test('a streamed search', async (t) => {
  await t.test('hands on each event, and gives the last one', async (t) => {
    const { heard, ended } = await streamFrom(t, sending(text))
    t.same(await ended, summary)
    t.same(heard, events)
  })

  await t.test('reads the same however it is cut into pieces, and with other line ends of its comments', async (t) => {
    const bytes = Buffer.from(`: hello\n${text}`)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 5) }, (_, at) => bytes.subarray(5 * at, 5 * at + 5))
    const { heard, ended } = await streamFrom(t, sending(...pieces))
    await ended
    t.same(heard, events)
  })

  await t.test('hands an event on before the next one is there', async (t) => {
    const [first = '', ...rest] = events.map(formatSearchEvent)
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { heard, ended } = await streamFrom(t, async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(first)
      await held
      response.end(rest.join(''))
    })
    while (heard.length === 0) await sleep(5)
    t.equal(heard.length, 1)
    release()
    await ended
  })

  await t.test('fails with the code of a problem that comes half-way, and is not tried again', async (t) => {
    let asked = 0
    const half = sending(
      ...events.slice(0, 1).map(formatSearchEvent),
      formatSearchEvent({ event: 'problem', data: problem }),
    )
    const { heard, ended } = await streamFrom(t, (request, response) => {
      asked++
      half(request, response)
    })
    await t.rejects(ended, { code: 'unavailable' })
    t.equal(heard.length, 1)
    t.equal(asked, 1)
  })

  await t.test('fails where it is refused, breaks off, or says something else', async (t) => {
    const codeOf = async (listener: RequestListener, timeoutMs?: number) =>
      (await streamFrom(t, listener, timeoutMs)).ended.then(
        () => 'none',
        ({ code }: { code: string }) => code,
      )
    t.equal(await codeOf(failing({ code: 'rate', status: 429 }, { 'retry-after': '60' })), 'rate')
    t.equal(await codeOf(sending(text.slice(0, -20))), 'ANSWER_MALFORMED')
    t.equal(await codeOf(sending('event: local\ndata: {}\n\n')), 'ANSWER_MALFORMED')
    t.equal(await codeOf(sending('event: __proto__\ndata: {}\n\n')), 'ANSWER_MALFORMED')
    t.equal(await codeOf(sending('data: {"local":1}\n\n')), 'ANSWER_MALFORMED')
    t.equal(await codeOf(sending(`data: ${'x'.repeat(9 * 1_024 * 1_024)}`)), 'ANSWER_TOO_LARGE')
    t.equal(
      await codeOf((_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end()),
      'MEDIA_TYPE',
    )
    const silent: RequestListener = (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
    t.equal(await codeOf(silent, 100), 'TIMEOUT')
  })
})
