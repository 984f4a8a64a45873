import { type Static, Type } from 'typebox'
import { DraftView, MarkingView, Receipt } from './shapes.ts'
import { EntityId, FindingId, Instant, JsonObject, Language, LocalizedText, Position, Seconds } from './values.ts'

const closed = { additionalProperties: false } as const

/** Something people write to each other at this node. */
export const Note = Type.String({ minLength: 1, maxLength: 4_000, pattern: '\\S' })

const Pointer = Type.String({
  description: 'JSON pointer (RFC 6901) into the draft, such as `/content/limitations/0`; empty for the whole.',
  pattern: '^(/([^~/]|~[01])*)*$',
  maxLength: 500,
})
const Subject = Type.String({ description: 'Person or program, as the audit trail names it.' })
const Day = Type.String({
  description: 'A calendar day (RFC 3339).',
  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$',
})
const DraftTag = Type.Integer({ minimum: 1, description: 'Which state of the draft this is about.' })

/** Could somebody do harm with what the record says? */
export const Hazard = Type.Object(
  {
    answer: Type.Enum(['none', 'mitigated', 'hazard'], {
      description:
        '`mitigated`: what was dangerous is left out or blurred. `hazard`: it is in there; never CLEAR or GREEN.',
    }),
    text: Note,
  },
  { ...closed, $id: 'Hazard', description: 'The answer to: can somebody do harm with what the record says?' },
)

export const ReviewAct = Type.Object(
  {
    act: Type.Enum(['submit', 'send-back', 'approve', 'recall']),
    etag: DraftTag,
    actor: Subject,
    at: Instant,
    note: Type.Optional(Type.String()),
    hazard: Type.Optional(Hazard),
  },
  { $id: 'ReviewAct', description: 'What somebody did to a draft in review, and to which state of it.' },
)

export const ReviewView = Type.Object(
  {
    state: DraftView.properties.state,
    needsSecondPerson: Type.Boolean({ description: 'Whether it can only be published with an approval.' }),
    isApproved: Type.Boolean({ description: 'By somebody who wrote no part of it, and as it stands.' }),
    acts: Type.Array(ReviewAct, { description: 'Oldest first.' }),
  },
  { $id: 'Review', description: 'How far a draft is on its way to being published.' },
)

export const Change = Type.Object(
  { pointer: Pointer, before: Type.Optional(Type.Unknown()), after: Type.Optional(Type.Unknown()) },
  { $id: 'Change', description: 'One field that differs; a side that has no such field is left out.' },
)

export const ChangesView = Type.Object(
  {
    published: Type.Array(Change, { description: 'Against what the record or its version before says.' }),
    reviewed: Type.Optional(
      Type.Array(Change, { description: 'Against the state last approved or sent back; absent where there is none.' }),
    ),
  },
  { $id: 'Changes', description: 'What is new in a draft, field by field.' },
)

export const CommentInput = Type.Object({ pointer: Pointer, text: Note }, closed)

export const CommentView = Type.Object(
  {
    id: Position,
    etag: DraftTag,
    pointer: Pointer,
    text: Type.String(),
    author: Subject,
    at: Instant,
    resolved: Type.Optional(Type.Object({ by: Subject, at: Instant })),
  },
  { $id: 'Comment', description: 'A remark about one field of one state of a draft; open until it is resolved.' },
)

export const ClearanceInput = Type.Object(
  {
    developer: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
    agreement: Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: '\\S',
      description: 'Reference. Stays on the node.',
    }),
    dueOn: Day,
  },
  { ...closed, $id: 'ClearanceInput', description: 'A developer is shown a draft before it is published.' },
)

export const ClearanceView = Type.Object(
  {
    id: Position,
    ...ClearanceInput.properties,
    outcome: Type.Enum(['open', 'cleared', 'commented', 'objected', 'no-answer']),
    note: Type.Optional(Type.String()),
    decided: Type.Optional(Type.Object({ by: Subject, at: Instant })),
    overridden: Type.Optional(Type.Object({ by: Subject, reason: Type.String() })),
  },
  {
    $id: 'Clearance',
    description: 'What became of showing a draft to a developer. Publishing waits while one is open.',
  },
)

export const DraftOrReceipt = Type.Object(
  { draft: Type.Optional(DraftView), receipt: Type.Optional(Receipt) },
  {
    $id: 'DraftOrReceipt',
    description:
      'The receipt where the act only narrows and the caller may publish; else the draft of it, to be reviewed.',
  },
)

export const MarkingChange = Type.Object(
  { mark: MarkingView, reason: Type.Optional(LocalizedText) },
  { ...closed, $id: 'MarkingChange', description: 'Another marking for a record of this institute.' },
)

const Member = Type.Object({ iss: EntityId, historyFrom: Type.Optional(Seconds) }, closed)

export const GroupInput = Type.Object(
  {
    name: LocalizedText,
    purpose: Type.Optional(LocalizedText),
    lang: Type.Optional(Language),
    members: Type.Array(Member, {
      maxItems: 999,
      description:
        'The institutes; this one need not be listed. `historyFrom`: what is older stays closed to the member.',
    }),
  },
  { ...closed, $id: 'GroupInput', description: 'A circle of institutes, the whole of it.' },
)

export const GroupView = Type.Object(
  {
    iss: EntityId,
    finding: FindingId,
    version: Type.Integer({ minimum: 1 }),
    position: Position,
    name: LocalizedText,
    purpose: Type.Optional(LocalizedText),
    members: Type.Array(Type.Object({ iss: EntityId, role: Type.String(), historyFrom: Type.Optional(Seconds) })),
    validUntil: Seconds,
    isOwn: Type.Boolean(),
    isExpired: Type.Boolean({ description: 'It is nobody until a newer snapshot comes.' }),
  },
  { $id: 'Group', description: 'The newest snapshot of a group that is known here.' },
)

export const AuditedActView = Type.Object(
  {
    at: Instant,
    actor: Subject,
    act: Type.String(),
    target: Type.String(),
    detail: JsonObject,
  },
  { $id: 'AuditedAct', description: 'Something somebody did here: ids, codes and reasons, never content.' },
)

export const AuditPage = Type.Object(
  {
    items: Type.Array(AuditedActView),
    next: Type.Optional(Type.String({ description: 'Cursor of the next page; absent on the last.' })),
  },
  { $id: 'AuditPage', description: 'A page of the audit trail, newest first.' },
)

export type Hazard = Static<typeof Hazard>
export type ReviewView = Static<typeof ReviewView>
export type Change = Static<typeof Change>
export type ChangesView = Static<typeof ChangesView>
export type CommentInput = Static<typeof CommentInput>
export type CommentView = Static<typeof CommentView>
export type ClearanceInput = Static<typeof ClearanceInput>
export type ClearanceView = Static<typeof ClearanceView>
export type DraftOrReceipt = Static<typeof DraftOrReceipt>
export type MarkingChange = Static<typeof MarkingChange>
export type GroupInput = Static<typeof GroupInput>
export type GroupView = Static<typeof GroupView>
export type AuditedActView = Static<typeof AuditedActView>
export type AuditPage = Static<typeof AuditPage>
