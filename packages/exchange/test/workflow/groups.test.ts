import type { GroupInput } from '@concordance/protocol'
import t from 'tap'
import { listAudit } from '../../src/audit.ts'
import { createGroup, getGroup, listGroups, replaceGroup } from '../../src/workflow/manage-groups.ts'
import { publishDraft } from '../../src/workflow/publish-draft.ts'
import { renewGroups } from '../../src/workflow/renew-groups.ts'
import { call, openInstitute, start } from '../support/institute.ts'
import { approve, publishReviewed } from '../support/review.ts'

const [b, c] = ['https://b.institute.example', 'https://c.institute.example']
const groupOf = (...members: GroupInput['members']): GroupInput => ({ name: { en: 'Cyber' }, members })
const publisher = () => ({ ...call(), mayPublish: true })
const dayOf = 24 * 60 * 60

t.test('a group of our own', async (t) => {
  const { deps, clock, iss } = await openInstitute(t)
  const first = await createGroup(deps, groupOf({ iss: b ?? '' }), call())
  const { finding } = first
  const members = async () => (await getGroup(deps, finding)).members.map((member) => member.iss)

  await t.test('begins with a second person, has us as its owner, and ends within seven days', async (t) => {
    t.match(first, { type: 'group', version: 1, mark: { tlp: 'AMBER', group: { iss, finding } } })
    await t.rejects(publishDraft(deps, first, call()), { code: 'review-required' })
    await publishReviewed(deps, first)
    t.match(await getGroup(deps, finding), {
      version: 1,
      name: { en: 'Cyber' },
      members: [
        { iss, role: 'owner' },
        { iss: b, role: 'member' },
      ],
      validUntil: start + 7 * dayOf,
      isOwn: true,
      isExpired: false,
    })
    t.equal((await listGroups(deps)).length, 1)
  })

  await t.test('takes in a member, or opens more history, with a second person alone', async (t) => {
    const { draft, receipt } = await replaceGroup(
      deps,
      finding,
      groupOf({ iss: b ?? '' }, { iss: c ?? '' }),
      publisher(),
    )
    t.equal(receipt, undefined)
    t.same(await members(), [iss, b])
    if (!draft) return t.fail('no draft')
    await publishReviewed(deps, draft)
    t.same(await members(), [iss, b, c])
  })

  await t.test('lets a member go at once', async (t) => {
    const { receipt } = await replaceGroup(deps, finding, groupOf({ iss: b ?? '' }), publisher())
    t.match(receipt, { finding, version: 3 })
    t.same(await members(), [iss, b])
  })

  await t.test('is renewed by the node when it ends soon, with the same members, and not before', async (t) => {
    await renewGroups(deps)
    t.equal((await getGroup(deps, finding)).version, 3)
    clock.seconds += 5 * dayOf
    await renewGroups(deps)
    await renewGroups(deps)
    t.match(await getGroup(deps, finding), { version: 4, validUntil: clock.seconds + 7 * dayOf })
    t.same(await members(), [iss, b])
    const { items } = await listAudit(deps, { actor: 'node' }, { limit: 10 })
    t.match(items, [{ act: 'change-group', detail: { finding, version: 4 } }])
  })

  await t.test('is renewed after it has ended too', async (t) => {
    clock.seconds += 30 * dayOf
    t.equal((await getGroup(deps, finding)).isExpired, true)
    await renewGroups(deps)
    t.match(await getGroup(deps, finding), { version: 5, isExpired: false })
  })

  await t.test('may be renewed while a change waits for its reviewer', async (t) => {
    const { draft } = await replaceGroup(deps, finding, groupOf({ iss: b ?? '' }, { iss: c ?? '' }), publisher())
    if (!draft) return t.fail('no draft')
    clock.seconds += 5 * dayOf
    await renewGroups(deps)
    await approve(deps, draft)
    t.match(await publishDraft(deps, draft, call()), { version: 7 })
    t.same(await members(), [iss, b, c])
  })

  await t.test('takes nobody back in by a change that was drafted before they left', async (t) => {
    const wider = groupOf({ iss: b ?? '' }, { iss: c ?? '', historyFrom: 0 }, { iss: 'https://d.institute.example' })
    const { draft } = await replaceGroup(deps, finding, wider, publisher())
    if (!draft) return t.fail('no draft')
    await approve(deps, draft)
    await replaceGroup(deps, finding, groupOf({ iss: b ?? '' }), publisher())
    await t.rejects(publishDraft(deps, draft, call()), { code: 'version-conflict' })
    t.same(await members(), [iss, b])
  })

  await t.test('may shrink to its owner', async (t) => {
    t.ok((await replaceGroup(deps, finding, groupOf(), publisher())).receipt)
    t.same(await members(), [iss])
  })

  await t.test('that is not ours, or not there, is not changed here', async (t) => {
    const unknown = '01890a5d-ac96-774b-bcce-b302099a8057'
    await t.rejects(replaceGroup(deps, unknown, groupOf(), publisher()), { code: 'not-found' })
    await t.rejects(getGroup(deps, unknown), { code: 'not-found' })
  })
})
