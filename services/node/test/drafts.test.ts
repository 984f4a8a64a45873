import { randomUUID } from 'node:crypto'
import { projectAll } from '@concordance/exchange'
import type { AuditPage, DraftPage, DraftView, Receipt, RecordDetail } from '@concordance/protocol'
import t from 'tap'
import { startTestNode } from './support/node.ts'
import { observation } from './support/observation.ts'
import { type Outgoing, send } from './support/send.ts'

t.test('the work of an institute’s staff', async (t) => {
  const node = await startTestNode(t)
  const token = await node.token('read', 'draft', 'publish')
  const ask = (outgoing: Outgoing) =>
    send(node.url, { ...outgoing, headers: { authorization: `Bearer ${token}`, ...outgoing.headers } })
  const reviewer = await node.tokenOf('reviewer', 'read', 'review')
  const review = async (id: string) => {
    const { etag } = (await ask({ path: `/v1/drafts/${id}` })).headers
    const headers = (by: string) => ({
      authorization: `Bearer ${by}`,
      'if-match': String(etag),
      'idempotency-key': randomUUID(),
    })
    const hazard = { answer: 'none', text: 'Nothing in it helps anybody to do harm.' }
    await send(node.url, { method: 'POST', path: `/v1/drafts/${id}/submit`, headers: headers(token), body: {} })
    const approval = { method: 'POST', path: `/v1/drafts/${id}/approve`, headers: headers(reviewer) } as const
    t.equal((await send(node.url, { ...approval, body: { hazard } })).status, 200)
  }
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
    const first = await once('/v1/records', observation('once', 'RED'), key)
    t.equal(first.status, 201)
    const again = await once('/v1/records', observation('once', 'RED'), key)
    t.equal(again.status, 201)
    t.equal(again.json<Receipt>().recordId, first.json<Receipt>().recordId)
    t.equal((await once('/v1/records', observation('twice', 'RED'), key)).json().code, 'idempotency-mismatch')
  })

  await t.test('a draft is reviewed by somebody else, published, revised and withdrawn', async (t) => {
    const { id } = (await once('/v1/drafts', observation('one', 'CLEAR'))).json<DraftView>()
    t.match((await once(`/v1/drafts/${id}/publish`)).json(), { status: 409, code: 'review-required' })
    t.match((await once('/v1/records', observation('one'))).json(), { status: 409, code: 'review-required' })
    await review(id)
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
    await review(revised.json<DraftView>().id)
    t.equal((await once(`/v1/drafts/${revised.json<DraftView>().id}/publish`)).json<Receipt>().version, 2)
    const withdrawn = await once(`/v1/findings/${finding}/withdraw`, { reason: 'error' })
    t.equal(withdrawn.status, 201)
    t.equal((await once(`/v1/findings/${finding}/withdraw`, { reason: 'error' })).json().code, 'withdrawn')
  })

  await t.test('a review needs the scope for it, another person, and the state that was read', async (t) => {
    const { id } = (await once('/v1/drafts', observation('two'))).json<DraftView>()
    const path = `/v1/drafts/${id}/approve`
    const body = { hazard: { answer: 'none', text: 'Harmless.' } }
    const act = (by: string, tag?: string, on = path, what: unknown = body) =>
      send(node.url, {
        method: 'POST',
        path: on,
        headers: {
          authorization: `Bearer ${by}`,
          'idempotency-key': randomUUID(),
          ...(tag !== undefined && { 'if-match': tag }),
        },
        body: what,
      })
    t.equal((await act(token, undefined, `/v1/drafts/${id}/submit`, {})).json().code, 'precondition-required')
    t.match((await act(token, '"1"', `/v1/drafts/${id}/submit`, {})).json(), { state: 'in-review' })
    t.match((await act(token, '"1"')).json(), { status: 403, code: 'forbidden' })
    const own = await node.tokenOf('staff', 'review')
    t.match((await act(own, '"1"')).json(), { status: 403, code: 'own-work' })
    t.equal((await act(reviewer, '"2"')).json().code, 'precondition-failed')
    t.equal((await act(reviewer, '"1"', path, {})).json().code, 'invalid', 'without the answer about harm')
    t.match((await act(reviewer, '"1"')).json(), { state: 'approved' })
    const back = await act(reviewer, '"1"', `/v1/drafts/${id}/send-back`, { reason: 'On second thoughts.' })
    t.match(back.json(), { state: 'sent-back' })
    t.equal((await once(`/v1/drafts/${id}/publish`)).json().code, 'review-required')
  })

  await t.test('the audit trail is for operators and reviewers', async (t) => {
    const trail = (by: string, query = '') =>
      send(node.url, { path: `/v1/audit${query}`, headers: { authorization: `Bearer ${by}` } })
    t.equal((await trail(token)).json().code, 'forbidden')
    t.equal((await trail(await node.token('operate'))).status, 200)
    const { items } = (await trail(reviewer, '?limit=200')).json<AuditPage>()
    const acts = items.filter(({ act }) => act.startsWith('draft.')).map(({ act, actor }) => `${actor} ${act}`)
    t.same(acts.slice(0, 3), ['reviewer draft.send-back', 'reviewer draft.approve', 'staff draft.submit'])
    const first = (await trail(reviewer, '?limit=3')).json<AuditPage>()
    const second = (await trail(reviewer, `?limit=3&cursor=${first.next}`)).json<AuditPage>()
    t.same([...first.items, ...second.items], items.slice(0, 6), 'page by page')
    const published = (await trail(reviewer, '?act=publish&actor=staff')).json<AuditPage>()
    t.equal(published.items.length, 3)
    t.notMatch(JSON.stringify(published), /seen|shared test/)
  })
})
