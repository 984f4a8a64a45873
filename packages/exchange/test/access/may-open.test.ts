import { randomBytes, randomUUID } from 'node:crypto'
import type { Marking } from '@concordance/protocol'
import fc from 'fast-check'
import t from 'tap'
import { isOpenTo, mayOpen, type Viewer } from '../../src/access/may-open.ts'
import { listRecords } from '../../src/records.ts'
import { group } from '../support/content.ts'
import { openInstitute, start } from '../support/institute.ts'

const peer: Viewer = { kind: 'peer', iss: 'https://b.institute.example' }
const person: Viewer = { kind: 'person', subject: 'ada' }
const viewers: Viewer[] = [{ kind: 'public' }, peer, person]

t.test('the rule', async (t) => {
  const own = (mark: Partial<Marking>, isTakenBack = false) => ({
    isOwn: true,
    mark: { relay: 'none', ...mark } as Marking,
    isTakenBack,
  })
  const mirrored = (mark: Partial<Marking>) => ({ ...own(mark), isOwn: false })

  await t.test('opens CLEAR to everybody, ours and copied', async (t) => {
    for (const viewer of viewers) {
      t.equal(mayOpen(viewer, own({ tlp: 'CLEAR' }), start), 'open')
      t.equal(mayOpen(viewer, mirrored({ tlp: 'CLEAR' }), start), 'open')
    }
  })

  await t.test('opens our GREEN to active peers and never to the public, and hands on nobody else’s', async (t) => {
    t.equal(mayOpen(peer, own({ tlp: 'GREEN' }), start), 'open')
    t.equal(mayOpen({ kind: 'public' }, own({ tlp: 'GREEN' }), start), 'hash')
    t.equal(mayOpen(peer, mirrored({ tlp: 'GREEN' }), start), 'hash')
  })

  await t.test('keeps everything else, and what it does not know, with our own staff', async (t) => {
    for (const tlp of ['AMBER', 'AMBER+STRICT', 'RED', 'ULTRAVIOLET'] as Marking['tlp'][]) {
      for (const viewer of [{ kind: 'public' }, peer] as Viewer[])
        t.equal(mayOpen(viewer, own({ tlp, group }), start), 'hash')
      t.equal(mayOpen(person, own({ tlp, group }), start), 'open')
    }
  })

  await t.test('opens nothing before its embargo is over', async (t) => {
    const embargoed = own({ tlp: 'CLEAR', embargoUntil: start })
    t.equal(mayOpen(peer, embargoed, start - 1), 'hash')
    t.equal(mayOpen(peer, embargoed, start), 'open')
  })

  await t.test(
    'keeps the statement of what was taken back, for whoever could read it, and closes its body',
    async (t) => {
      t.equal(mayOpen(peer, own({ tlp: 'GREEN' }, true), start), 'statement')
      t.equal(mayOpen({ kind: 'public' }, own({ tlp: 'GREEN' }, true), start), 'hash')
      t.equal(mayOpen(person, own({ tlp: 'RED' }, true), start), 'statement')
    },
  )
})

t.test('the rule and its SQL twin agree on every record, viewer and moment', async (t) => {
  const { deps, clock } = await openInstitute(t)
  const { db } = deps
  const iss = 'https://b.institute.example'
  await db
    .insertInto('log')
    .values({ origin: 'b/log/1', iss, size: 1e6, staged_size: 1e6, state_reason: null })
    .execute()
  await db.updateTable('log').set({ size: 1e6, staged_size: 1e6 }).where('is_own', '=', true).execute()
  const logs = await db.selectFrom('log').select(['id', 'is_own']).execute()
  const record = fc.record({
    log: fc.constantFrom(...logs),
    tlp: fc.constantFrom('CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED', 'ULTRAVIOLET'),
    embargoUntil: fc.option(fc.integer({ min: start - 2, max: start + 2 }), { nil: undefined }),
    isTakenBack: fc.boolean(),
  })
  let position = 0

  const property = fc.asyncProperty(
    fc.array(record, { minLength: 1, maxLength: 20 }),
    fc.integer({ min: -2, max: 2 }),
    async (records, moment) => {
      clock.seconds = start + moment
      const rows = records.map((chosen) => {
        const mark = {
          tlp: chosen.tlp,
          relay: 'none',
          ...(chosen.embargoUntil !== undefined && { embargoUntil: chosen.embargoUntil }),
        } as Marking
        return { ...chosen, mark, position: ++position, recordId: randomBytes(32) }
      })
      await db.deleteFrom('record').execute()
      await db.insertInto('record').values(rows.map(rowOf)).execute()
      const withdrawn = rows.filter(({ isTakenBack }) => isTakenBack)
      if (withdrawn.length > 0) {
        const taken = withdrawn.map(({ log, recordId }) => ({
          log: log.id,
          record_id: recordId,
          position: 0,
          effect: 'withdrawn' as const,
        }))
        await db.insertInto('withdrawn').values(taken).execute()
      }
      for (const viewer of viewers) {
        const expected = rows.flatMap(({ log, mark, isTakenBack, recordId }) => {
          const openness = mayOpen(viewer, { isOwn: log.is_own, mark, isTakenBack }, clock.seconds)
          return openness === 'hash' ? [] : [`${recordId.toString('base64url')} ${openness}`]
        })
        const { items } = await listRecords(deps, viewer, { filters: {}, limit: 200 })
        const seen = items.map(({ recordId, state }) => `${recordId} ${state}`)
        t.strictSame(seen.sort(), expected.sort())
        const counted = await db
          .selectFrom('record')
          .innerJoin('log', 'log.id', 'record.log')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where(isOpenTo(viewer, clock.seconds))
          .executeTakeFirstOrThrow()
        t.equal(counted.count, expected.length)
      }
    },
  )
  await fc.assert(property, { numRuns: 25, seed: 11 })
})

interface Row {
  readonly log: { readonly id: number }
  readonly position: number
  readonly recordId: Buffer
  readonly mark: Marking
}

function rowOf({ log, position, recordId, mark }: Row) {
  return {
    log: log.id,
    position,
    record_id: recordId,
    iss: 'https://x.example',
    type: 'observation',
    finding: randomUUID(),
    version: 1,
    iat: start,
    lang: 'en',
    tlp: mark.tlp,
    embargo_until: mark.embargoUntil ?? null,
    mark: JSON.stringify(mark),
    has_body: true,
  }
}
