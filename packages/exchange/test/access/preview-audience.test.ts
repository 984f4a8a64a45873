import type { Marking } from '@concordance/protocol'
import fc from 'fast-check'
import t from 'tap'
import { explainAccess, previewAudience } from '../../src/access/preview-audience.ts'
import { readPage } from '../../src/log/entries.ts'
import { append, appendGroup } from '../support/append.ts'
import { marks } from '../support/content.ts'
import { openInstitute, start } from '../support/institute.ts'

const pin = 'A'.repeat(43)
const peers = (['b', 'c', 'd'] as const).map((name) => {
  const iss = `https://${name}.institute.example`
  return { iss, baseUrl: iss, pin, ...(name === 'd' && { ceiling: 'GREEN' as const }) }
})
const [b, c, d] = peers.map(({ iss }) => iss) as [string, string, string]
const staff = { kind: 'person', subject: 'ada', staff: true } as const

t.test('the preview of an audience', async (t) => {
  const { deps } = await openInstitute(t, { peers })
  const { circle } = await appendGroup(deps, [{ iss: b }, { iss: d }])
  const preview = (mark: unknown, about = {}) => previewAudience(deps, staff, { mark, ...about })
  const amber: Marking = { ...marks.amber, group: circle }

  await t.test('names each active peer and the reason', async (t) => {
    t.same(await preview(amber), {
      peers: [
        { iss: b, opens: true, because: 'member' },
        { iss: c, opens: false, because: 'not-a-member' },
        { iss: d, opens: false, because: 'ceiling', ceiling: 'GREEN' },
      ],
      public: { opens: false, because: 'label' },
    })
    const { public: anybody } = await preview(marks.clear)
    t.same(anybody, { opens: true, because: 'clear' })
  })

  await t.test('refuses a marking that no record may have', async (t) => {
    await t.rejects(preview({ tlp: 'AMBER', relay: 'none' }), { code: 'marking-invalid' })
  })

  await t.test('says exactly what delivery then does, for every marking', async (t) => {
    const group = fc.constantFrom(circle, marks.amber.group)
    const plain = { relay: fc.constant('none' as const) }
    const embargo = { embargoUntil: fc.constantFrom(start - 5, start + 5), group: fc.option(group, { nil: undefined }) }
    const marking = fc.oneof(
      fc.record({ tlp: fc.constantFrom('GREEN', 'RED'), ...plain }),
      fc.record({ tlp: fc.constantFrom('AMBER', 'AMBER+STRICT'), group, ...plain }),
      fc.record({ tlp: fc.constant('GREEN'), ...embargo, ...plain }),
      fc.record({ tlp: fc.constant('CLEAR'), ...embargo, relay: fc.constant('any' as const) }),
    ) as fc.Arbitrary<Marking>
    await fc.assert(
      fc.asyncProperty(marking, async ({ group, ...rest }) => {
        const mark = { ...rest, ...(group && { group }) }
        const previewed = await preview(mark)
        const { position, recordId } = await append(deps, { mark, readers: ['ada'] })
        for (const { iss, opens } of previewed.peers) {
          const { entries } = await readPage(deps, { iss }, { from: position, limit: 1 })
          t.equal(entries[0]?.state !== 'hash', opens, `${iss} ${JSON.stringify(mark)}`)
        }
        t.same(await explainAccess(deps, staff, recordId), previewed, 'and explains it the same way afterwards')
      }),
      { numRuns: 30, seed: 5 },
    )
  })

  await t.test('of another marking counts how old the record is', async (t) => {
    const { recordId } = await append(deps, { mark: marks.red, readers: ['ada'] })
    const { circle: late } = await appendGroup(deps, [{ iss: b }, { iss: c, historyFrom: start + 1_000 }])
    const mark = { ...marks.amber, group: late }
    const seenBy = async (record: string) =>
      (await preview(mark, { record })).peers.map(({ iss, because }) => [iss, because])
    t.same(await seenBy(recordId), [
      [b, 'member'],
      [c, 'history'],
      [d, 'ceiling'],
    ])
    const stranger = { ...staff, subject: 'bo' }
    await t.rejects(previewAudience(deps, stranger, { mark, record: recordId }), { code: 'not-found' })
  })

  await t.test('of the next snapshot of a group counts whom it would list', async (t) => {
    const { peers } = await preview(amber, { members: [{ iss: c }] })
    t.same(
      peers.map(({ because }) => because),
      ['not-a-member', 'member', 'ceiling'],
    )
  })

  await t.test('names peers and their ceilings to staff alone, since a verdict tells who is in a group', async (t) => {
    const { recordId } = await append(deps, { mark: amber })
    const toldTo = (staff: boolean) => explainAccess(deps, { kind: 'person', subject: 'eve', staff }, recordId)
    const ofStaff = await toldTo(true)
    t.same(ofStaff.peers.at(-1), { iss: d, opens: false, because: 'ceiling', ceiling: 'GREEN' })
    t.same(await toldTo(false), { peers: [], public: ofStaff.public })
  })

  await t.test('is told only of a record that is open to whoever asks', async (t) => {
    const { recordId } = await append(deps, { mark: marks.red, readers: ['ada'] })
    t.equal((await explainAccess(deps, staff, recordId)).public.because, 'label')
    await t.rejects(explainAccess(deps, { ...staff, subject: 'bo' }, recordId), { code: 'not-found' })
    await t.rejects(explainAccess(deps, staff, 'A'.repeat(43)), { code: 'not-found' })
  })
})
