import type { InstituteAnswer, Marking, Role, Scope, SearchHit, Tlp } from '@concordance/protocol'
import type { ColumnType, Generated } from 'kysely'
import type { SealingSchedule } from '../log/schedule.ts'

/** Columns as `openDatabase` reads and writes them: bigint is a number (every one stays below 2^53), bytea a Buffer. */
export interface Tables {
  log: LogTable
  projection: ProjectionTable
  entry: EntryTable
  own_record: OwnRecordTable
  withdrawn: WithdrawnTable
  subtree: SubtreeTable
  checkpoint: CheckpointTable
  keyset: KeysetTable
  peer: PeerTable
  coverage_received: CoverageReceivedTable
  delivery: DeliveryTable
  misconduct: MisconductTable
  quarantine: QuarantineTable
  foreign_checkpoint: ForeignCheckpointTable
  comparison: ComparisonTable
  record: RecordTable
  search_open: SearchOpenView
  citation: CitationTable
  saved_search: SavedSearchTable
  draft: DraftTable
  draft_review: DraftReviewTable
  draft_comment: DraftCommentTable
  draft_clearance: DraftClearanceTable
  subject_secret: SubjectSecretTable
  idempotency: IdempotencyTable
  api_token: ApiTokenTable
  person: PersonTable
  session: SessionTable
  request_jti: RequestJtiTable
  audit: AuditTable
  audit_trail: AuditTrailView
  remarked: RemarkedTable
  group_snapshot: GroupSnapshotTable
  group_member: GroupMemberTable
  granted: GrantedTable
  access_item: AccessItemTable
  revoked: RevokedTable
  control_pending: ControlPendingTable
  narrowed: NarrowedTable
  opening: OpeningView
  late_search: LateSearchTable
  late_answer: LateAnswerTable
}

/** Written as JSON text, read as a value. */
type Json<T> = ColumnType<T, string, string>
type JsonWithDefault<T> = ColumnType<T, string | undefined, string>
type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>

export type LogState = 'following' | 'held' | 'unverifiable' | 'frozen' | 'unconfirmed'
export type PeerState = 'active' | 'suspended' | 'removed'

export interface LogTable {
  id: Generated<number>
  origin: string
  iss: string
  is_own: Generated<boolean>
  size: Generated<number>
  frontier: Generated<Buffer>
  staged_size: Generated<number>
  staged_frontier: Generated<Buffer>
  newest_keyset: Generated<number>
  state: Generated<LogState>
  state_reason: string | null
  sealing: ColumnType<SealingSchedule | null, string | null | undefined, string | null>
  access_at: Generated<number>
  reread_from: Nullable<number>
}

export interface ProjectionTable {
  log: number
  position: Generated<number>
  /** How far the search index has read what is projected. */
  indexed: Generated<number>
}

export interface EntryTable {
  log: number
  position: number
  leaf_hash: Buffer
  record_id: Buffer | null
  statement: Buffer | null
  body: Buffer | null
  cover: Nullable<Buffer>
}

export interface OwnRecordTable {
  position: number
  record_id: Buffer
  type: string
  finding: string
  version: number
  iat: number
  tlp: string
  embargo_until: number | null
  actor: string
  at: Date
  group_iss: Nullable<string>
  group_finding: Nullable<string>
  target: Nullable<number>
  readers: Nullable<string[]>
  signed_common: Nullable<boolean>
  narrowed_by: Nullable<number>
}

export interface WithdrawnTable {
  log: number
  record_id: Buffer
  position: number
  effect: 'withdrawn' | 'hidden'
}

export interface SubtreeTable {
  log: number
  index: number
  hash: Buffer
}

export interface CheckpointTable {
  log: number
  size: number
  root: Buffer
  frontier: Buffer | null
  jws: string | null
  note: string | null
  iat: number | null
}

export interface KeysetTable {
  iss: string
  seq: number
  document: string
  position: number | null
}

export interface PeerTable {
  iss: string
  base_url: string
  pin: string
  state: Generated<PeerState>
  ceiling: Generated<Exclude<Tlp, 'RED'>>
  checkpoint: string | null
  checkpoint_iat: number | null
  last_synced_at: Date | null
  last_error: string | null
  last_error_at: Date | null
  compared_at: Date | null
}

export interface CoverageReceivedTable {
  log: number
  from_position: number
  to_position: number
  common: number[]
  jws: string
  iat: number
}

export interface DeliveryTable {
  id: Generated<number>
  peer: string
  from_position: number
  to_position: number
  opened: number[]
  kind: Generated<'page' | 'record' | 'search'>
  access_at: number
  sent_at: Date
}

export interface MisconductTable {
  id: Generated<number>
  iss: string
  kind: string
  digest: Buffer
  bundle: Json<unknown>
  found_at: Date
}

export interface QuarantineTable {
  log: number
  position: number
  code: string
  detail: string
}

export interface ForeignCheckpointTable {
  log: number
  size: number
  root: Buffer
  jws: string
  shown_by: string
}

export interface ComparisonTable {
  shown_by: string
  log: number
  position: number
}

export interface RecordTable {
  log: number
  position: number
  record_id: Buffer
  iss: string
  type: string
  finding: string
  version: number
  iat: number
  lang: string
  tlp: string
  embargo_until: number | null
  group_iss: Nullable<string>
  group_finding: Nullable<string>
  target: Nullable<number>
  readers: Nullable<string[]>
  mark: Json<unknown>
  has_body: boolean
  title: JsonWithDefault<Record<string, string>>
  facets: JsonWithDefault<Record<string, string | string[]>>
  /** Whether it names other records. */
  cites: Generated<boolean>
}

/** A view: what of the search index is open to the viewer. */
export interface SearchOpenView {
  log: number
  position: number
  iat: number
  label: number
  tlp: string
  /** See `readCells`. */
  cells: Buffer
  /** Compared by the database alone. */
  words: unknown
  is_superseded: boolean
}

export interface CitationTable {
  log: number
  position: number
  number: number
  target_iss: string
  target_record: Buffer | null
  target_finding: string | null
  in_body: boolean
}

export interface SavedSearchTable {
  id: string
  subject: string
  name: string
  filters: Json<unknown>
  created_at: Date
}

export interface DraftTable {
  id: string
  type: string
  finding: string
  version: Generated<number>
  content: Json<unknown>
  origins: JsonWithDefault<unknown>
  author: string
  created_at: Date
  updated_at: Date
  etag: Generated<number>
  receipt: ColumnType<unknown, string | null | undefined, string | null>
  state: Generated<DraftState>
  editors: Generated<string[]>
}

export type DraftState = 'draft' | 'in-review' | 'sent-back' | 'approved'

export interface DraftReviewTable {
  id: Generated<number>
  draft: string
  etag: number
  act: 'submit' | 'send-back' | 'approve' | 'recall'
  actor: string
  at: Date
  note: Nullable<string>
  hazard: Nullable<'none' | 'mitigated' | 'hazard'>
  hazard_note: Nullable<string>
  work: Json<unknown>
}

export interface DraftCommentTable {
  id: Generated<number>
  draft: string
  etag: number
  pointer: string
  text: string
  author: string
  at: Date
  resolved_by: Nullable<string>
  resolved_at: Nullable<Date>
}

export interface DraftClearanceTable {
  id: Generated<number>
  draft: string
  developer: string
  agreement: string
  due_on: string
  outcome: Generated<'open' | 'cleared' | 'commented' | 'objected' | 'no-answer'>
  note: Nullable<string>
  decided_by: Nullable<string>
  decided_at: Nullable<Date>
  overridden_by: Nullable<string>
  override_reason: Nullable<string>
}

export interface SubjectSecretTable {
  commitment: string
  subject: Json<unknown>
  salt: string
}

export interface IdempotencyTable {
  subject: string
  key: string
  digest: Buffer
  receipt: Json<unknown>
  created_at: Date
}

export interface ApiTokenTable {
  jti: string
  name: string
  subject: string
  scopes: Scope[]
  staff: boolean
  person: string | null
  created_at: Date
  expires_at: Date
  revoked_at: Date | null
}

export interface PersonTable {
  id: string
  issuer: string
  sub: string
  name: string | null
  staff: boolean
  roles: Role[]
  created_at: Date
  signed_in_at: Date | null
  disabled_at: Date | null
}

export interface SessionTable {
  digest: Buffer
  person: string
  sign_in: Buffer
  began_at: Date
  last_seen_at: Date
  expires_at: Date
  ended_at: Date | null
}

export interface RequestJtiTable {
  iss: string
  jti: string
  exp: number
}

/** Critical acts other than publishing, which stands in `own_record`; the view `audit_trail` has both. */
export interface AuditTable {
  id: Generated<number>
  at: Date
  actor: string
  act: string
  target: string
  detail: JsonWithDefault<unknown>
}

/** (`kind`, `number`) is the place of a line: within a kind numbers rise with time. */
export interface AuditTrailView {
  at: Date
  actor: string
  act: string
  target: string
  detail: ColumnType<unknown, never, never>
  kind: 'act' | 'entry'
  number: number
}

export interface RemarkedTable {
  log: number
  record_id: Buffer
  position: number
  mark: Json<Marking>
}

export interface GroupSnapshotTable {
  iss: string
  finding: string
  log: number
  position: number
  version: number
  valid_until: number
  previous_until: Nullable<number>
}

export interface GroupMemberTable {
  iss: string
  finding: string
  member: string
  role: string
  history_from: Generated<number>
}

export interface GrantedTable {
  peer: string
  position: number
  told_at: Date
}

export interface AccessItemTable {
  peer: string
  seq: number
  kind: 'granted' | 'revoked' | 'reset'
  position: number | null
  at: Date
}

/** Only behind the second wall: what is open to the viewer. */
export interface OpeningView {
  log: number
  position: number
  statement: Buffer
  /** Null also where the record was taken back. */
  body: Buffer | null
}

export interface RevokedTable {
  log: number
  position: number
  seq: number
}

export interface ControlPendingTable {
  log: number
  position: number
  target: Nullable<Buffer>
  mark: ColumnType<Marking | null, string | null | undefined, string | null>
}

export interface NarrowedTable {
  log: number
  position: number
  by_position: number
  jws: string
  checked: Generated<boolean>
}

export interface LateSearchTable {
  query_id: string
  subject: string
  asked_at: Date
  institutes: Json<InstituteAnswer[]>
  waits_until: Date
}

/** `hits` as they were verified; whoever reads them sees less. */
export interface LateAnswerTable {
  query_id: string
  iss: string
  institute: Json<InstituteAnswer>
  hits: Json<SearchHit[]>
}
