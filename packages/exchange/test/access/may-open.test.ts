import type { Marking } from '@concordance/protocol'
import t from 'tap'
import { type GroupSnapshot, type Guarded, judge, mayOpen, type Viewer } from '../../src/access/may-open.ts'
import { group } from '../support/content.ts'
import { start } from '../support/institute.ts'

const member: Viewer = { kind: 'peer', iss: 'https://b.institute.example', ceiling: 'AMBER+STRICT' }
const stranger: Viewer = { ...member, iss: 'https://c.institute.example' }
const anybody: Viewer = { kind: 'public' }
const staff: Viewer = { kind: 'person', subject: 'ada', staff: true }
const researcher: Viewer = { kind: 'person', subject: 'rosa', staff: false }
const circle: GroupSnapshot = { validUntil: start + 100, members: [{ iss: member.iss, historyFrom: 0 }] }

const own = (mark: Partial<Marking>, more: Partial<Guarded> = {}): Guarded => ({
  isOwn: true,
  type: 'observation',
  mark: { relay: 'none', ...mark } as Marking,
  iat: start - 10,
  isTakenBack: false,
  group: mark.group && circle,
  ...more,
})
const mirrored = (mark: Partial<Marking>, more: Partial<Guarded> = {}) => own(mark, { isOwn: false, ...more })
const seenBy = (viewer: Viewer, guarded: Guarded, now = start) => mayOpen(viewer, guarded, now)
const amber = { tlp: 'AMBER', group } as const

t.test('the rule', async (t) => {
  t.test('opens CLEAR to everybody, ours and copied', async (t) => {
    for (const viewer of [anybody, member, stranger, staff, researcher]) {
      t.equal(seenBy(viewer, own({ tlp: 'CLEAR' })), 'open')
      t.equal(seenBy(viewer, mirrored({ tlp: 'CLEAR' })), 'open')
    }
  })

  t.test('opens our GREEN to active peers, never to the public, and hands on nobody else’s', async (t) => {
    t.equal(seenBy(stranger, own({ tlp: 'GREEN' })), 'open')
    t.equal(seenBy(anybody, own({ tlp: 'GREEN' })), 'hash')
    t.equal(seenBy(stranger, mirrored({ tlp: 'GREEN' })), 'hash')
  })

  t.test('opens AMBER and AMBER+STRICT to the members of their group alone, while its snapshot lasts', async (t) => {
    for (const tlp of ['AMBER', 'AMBER+STRICT'] as const) {
      t.equal(seenBy(member, own({ ...amber, tlp })), 'open')
      t.equal(seenBy(stranger, own({ ...amber, tlp })), 'hash')
      t.equal(seenBy(anybody, own({ ...amber, tlp })), 'hash')
      t.equal(seenBy(member, own({ ...amber, tlp }), circle.validUntil), 'hash')
      t.equal(seenBy(member, own({ ...amber, tlp }, { group: undefined })), 'hash')
      t.equal(seenBy(member, own({ ...amber, tlp }, { group: { ...circle, members: [] } })), 'hash')
      t.equal(seenBy(member, mirrored({ ...amber, tlp })), 'hash')
    }
  })

  t.test('gives a member the history its group allows', async (t) => {
    const late = { ...circle, members: [{ iss: member.iss, historyFrom: start - 10 }] }
    t.equal(seenBy(member, own(amber, { group: late })), 'open')
    t.equal(seenBy(member, own(amber, { group: late, iat: start - 11 })), 'hash')
  })

  t.test('opens a group record to members that are in the newest snapshot and in this very one', async (t) => {
    const snapshot = (readers: string[]) => own(amber, { type: 'group', readers, iat: 0 })
    t.equal(seenBy(member, snapshot([member.iss])), 'open')
    t.equal(seenBy(member, snapshot([])), 'hash')
    t.equal(seenBy(stranger, snapshot([stranger.iss])), 'hash')
    t.equal(seenBy(researcher, snapshot([member.iss])), 'hash')
  })

  t.test('keeps RED with the people who worked on it, and what it does not know with our own staff', async (t) => {
    for (const viewer of [anybody, member, researcher]) {
      t.equal(seenBy(viewer, own({ tlp: 'RED' }, { readers: ['ada', member.iss] })), 'hash')
      t.equal(seenBy(viewer, own({ tlp: 'ULTRAVIOLET' as 'RED' })), 'hash')
    }
    t.equal(seenBy(staff, own({ tlp: 'RED' }, { readers: ['ada'] })), 'open')
    t.equal(seenBy(staff, own({ tlp: 'RED' }, { readers: ['bo'] })), 'hash')
    t.equal(seenBy(staff, own({ tlp: 'RED' })), 'hash')
    t.equal(seenBy(staff, own({ tlp: 'ULTRAVIOLET' as 'RED' })), 'open')
  })

  t.test('opens to researchers what TLP lets staff pass on, and nothing under embargo', async (t) => {
    for (const tlp of ['CLEAR', 'GREEN', 'AMBER'] as const)
      t.equal(seenBy(researcher, mirrored({ ...amber, tlp })), 'open')
    t.equal(seenBy(researcher, mirrored({ ...amber, tlp: 'AMBER+STRICT' })), 'hash')
    t.equal(seenBy(researcher, own({ tlp: 'GREEN', embargoUntil: start + 1 })), 'hash')
    t.equal(seenBy(staff, own({ tlp: 'GREEN', embargoUntil: start + 1 })), 'open')
  })

  t.test(
    'opens before the end of an embargo to its group alone, and to everybody entitled from that second on',
    async (t) => {
      const embargoed = { tlp: 'GREEN', embargoUntil: start } as const
      t.equal(seenBy(member, own({ ...embargoed, group }), start - 1), 'open')
      t.equal(seenBy(stranger, own({ ...embargoed, group }), start - 1), 'hash')
      t.equal(seenBy(member, own(embargoed), start - 1), 'hash')
      t.equal(seenBy(stranger, own(embargoed), start), 'open')
      t.equal(seenBy(anybody, own({ ...embargoed, tlp: 'CLEAR' }), start - 1), 'hash')
    },
  )

  t.test('opens nothing above the ceiling of a peer', async (t) => {
    const low: Viewer = { ...member, ceiling: 'GREEN' }
    t.equal(seenBy(low, own({ tlp: 'GREEN' })), 'open')
    t.equal(seenBy(low, own(amber)), 'hash')
    t.equal(judge(low, own(amber), start).because, 'ceiling')
    t.equal(seenBy({ ...member, ceiling: 'CLEAR' }, own({ tlp: 'GREEN' })), 'hash')
  })

  t.test('opens a marking record to whoever may also open its target now', async (t) => {
    const marking = (target: Guarded) => own(amber, { type: 'marking', target })
    t.equal(seenBy(member, marking(own({ tlp: 'GREEN' }))), 'open')
    t.equal(seenBy(member, marking(own({ tlp: 'RED' }))), 'hash')
    t.equal(seenBy(member, own(amber, { type: 'marking' })), 'hash')
  })

  t.test('keeps what another institute says of its markings with our own staff', async (t) => {
    const copied = mirrored({ tlp: 'CLEAR' }, { type: 'marking' })
    for (const viewer of [anybody, member, researcher]) t.equal(seenBy(viewer, copied), 'hash')
    t.equal(seenBy(staff, copied), 'open')
  })

  t.test(
    'opens a withdrawal to whoever may know of what it takes back, and not to who came too late for it',
    async (t) => {
      const withdrawal = (target: Guarded) => own(amber, { type: 'withdrawal', target })
      const late = { ...circle, members: [{ iss: member.iss, historyFrom: start - 10 }] }
      t.equal(seenBy(member, withdrawal(own(amber, { group: late, isTakenBack: true }))), 'open')
      t.equal(seenBy(member, withdrawal(own(amber, { group: late, isTakenBack: true, iat: start - 11 }))), 'hash')
      t.equal(seenBy(anybody, own({ tlp: 'CLEAR' }, { type: 'withdrawal' })), 'hash')
    },
  )

  t.test('opens a withdrawal also to whoever was ever sent what it takes back', async (t) => {
    const withdrawal = own({ tlp: 'AMBER' }, { type: 'withdrawal', wasSent: true })
    t.equal(seenBy(stranger, withdrawal), 'open')
    t.equal(seenBy(stranger, { ...withdrawal, wasSent: false }), 'hash')
    const red = own({ tlp: 'RED' }, { type: 'withdrawal', wasSent: true })
    t.equal(seenBy(stranger, red), 'hash', 'unless it is RED: nothing of that ever leaves')
    const narrow = { ...stranger, isLive: true, ceiling: 'GREEN' } as const
    t.equal(seenBy(narrow, withdrawal), 'hash', 'nor by a live answer')
    const green = own({ tlp: 'GREEN' }, { type: 'withdrawal', wasSent: true })
    t.equal(seenBy(narrow, green), 'open', 'unless the question reaches that far')
    t.equal(seenBy(anybody, withdrawal), 'hash')
    t.equal(seenBy(stranger, { ...withdrawal, type: 'observation' }), 'hash')
  })

  t.test('keeps the statement of what was taken back for whoever could read it, and closes its body', async (t) => {
    t.equal(seenBy(stranger, own({ tlp: 'GREEN' }, { isTakenBack: true })), 'statement')
    t.equal(seenBy(anybody, own({ tlp: 'GREEN' }, { isTakenBack: true })), 'hash')
    t.equal(seenBy(staff, mirrored(amber, { isTakenBack: true })), 'statement')
  })

  t.test('closes to everybody here what its origin has closed to us', async (t) => {
    for (const viewer of [anybody, member, staff, researcher]) {
      t.equal(seenBy(viewer, mirrored({ tlp: 'CLEAR' }, { isRevoked: true })), 'hash')
    }
  })
})
