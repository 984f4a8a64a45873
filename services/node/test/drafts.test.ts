import { randomUUID } from 'node:crypto'
import { projectAll } from '@concordance/exchange'
import type { DraftPage, DraftView, Receipt, RecordDetail } from '@concordance/protocol'
import t from 'tap'
import { startTestNode } from './support/node.ts'
import { observation } from './support/observation.ts'
import { type Outgoing, send } from './support/send.ts'

t.test('the work of an institute’s staff', async (t) => {
  const node = await startTestNode(t)
  const token = await node.token('read', 'draft', 'publish')
  const ask = (outgoing: Outgoing) =>
    send(node.url, { ...outgoing, headers: { authorization: `Bearer ${token}`, ...outgoing.headers } })
  const once = (path: string, body?: unknown, key: string = randomUUID()) =>
    ask({ method: 'POST', path, headers: { 'idempotency-key': key }, ...(body !== undefined && { body }) })

  await t.test('a draft is changed only by whoever has read it last', async (t) => {
    const created = await once('/v1/drafts', observation('first'))
    const { id } = created.json<DraftView>()
    const path = `/v1/drafts/${id}`
    t.equal(created.status, 201)
    t.equal(created.headers.etag, '"1"')
    const put = (tag: string | undefined, seen: string) =>
      ask({ method: 'PUT', path, body: observation(seen), headers: tag === undefined ? {} : { 'if-match': tag } })
    t.equal((await put(undefined, 'second')).json().code, 'precondition-required')
    const changed = await put('"1"', 'second')
    t.equal(changed.headers.etag, '"2"')
    t.equal((await put('"1"', 'third')).json().code, 'precondition-failed')
    t.match((await ask({ path })).json<DraftView>().content, { seen: { en: 'second' } })
    t.ok((await ask({ path: '/v1/drafts' })).json<DraftPage>().items.some((draft) => draft.id === id))
    const remove = (tag: string) => ask({ method: 'DELETE', path, headers: { 'if-match': tag } })
    t.equal((await remove('"1"')).json().code, 'precondition-failed')
    const removed = await remove('"2"')
    t.equal(removed.status, 204)
    t.equal(removed.text, '')
    t.equal((await ask({ path })).status, 404)
  })

  await t.test('the same key gives the first answer again, and refuses another request', async (t) => {
    const key = randomUUID()
    const first = await once('/v1/records', observation('once'), key)
    t.equal(first.status, 201)
    const again = await once('/v1/records', observation('once'), key)
    t.equal(again.status, 201)
    t.equal(again.json<Receipt>().recordId, first.json<Receipt>().recordId)
    t.equal((await once('/v1/records', observation('twice'), key)).json().code, 'idempotency-mismatch')
  })

  await t.test('a draft is published, revised and withdrawn', async (t) => {
    const { id } = (await once('/v1/drafts', observation('one', 'CLEAR'))).json<DraftView>()
    const published = await once(`/v1/drafts/${id}/publish`)
    t.equal(published.status, 201)
    const { recordId, finding } = published.json<Receipt>()
    await projectAll(node.deps)
    const record = (await send(node.url, { path: `/v1/records/${recordId}` })).json<RecordDetail>()
    t.match(record, { recordId, finding, version: 1, state: 'open', status: 'current' })
    const body = await send(node.url, { path: `/v1/records/${recordId}/body` })
    t.equal(body.text, record.body, 'the body is served byte for byte')
    t.match(body.headers['content-type'], /^application\/vnd\.concordance\.observation\+json/)
    const revised = await once(`/v1/findings/${finding}/revise`)
    t.match(revised.json<DraftView>(), { finding, version: 2 })
    t.equal((await once(`/v1/drafts/${revised.json<DraftView>().id}/publish`)).json<Receipt>().version, 2)
    const withdrawn = await once(`/v1/findings/${finding}/withdraw`, { reason: 'error' })
    t.equal(withdrawn.status, 201)
    t.equal((await once(`/v1/findings/${finding}/withdraw`, { reason: 'error' })).json().code, 'withdrawn')
  })
})
