export { lengthOfFeed, readAccessPage } from './access/access-feed.ts'
export { isOpenTo } from './access/is-open-to.ts'
export {
  type GroupSnapshot,
  type Guarded,
  mayOpen,
  type Openness,
  type PeerViewer,
  type Viewer,
} from './access/may-open.ts'
export { explainAccess, previewAudience } from './access/preview-audience.ts'
export { getPeerViewer } from './access/viewer.ts'
export { type AuditedAct, type AuditFilters, audit, listAudit } from './audit.ts'
export { listCitations } from './citations.ts'
export { copyEntries, type EntryRow } from './database/copy.ts'
export { migrate, requireMigrated } from './database/migrate.ts'
export { connectionSettings, type Database, type DatabaseOptions, openDatabase } from './database/open.ts'
export type { LogState, PeerState, Tables } from './database/tables.ts'
export type {
  ConfiguredPeer,
  Deps,
  Guard,
  GuardState,
  Identity,
  Logger,
  PeerDirectory,
  SearchSettings,
  Signers,
  TreeHead,
} from './deps.ts'
export { describeNode, getReadiness } from './describe-node.ts'
export {
  createDraft,
  type DraftAsRead,
  deleteDraft,
  getDraft,
  listDrafts,
  replaceDraft,
} from './drafts.ts'
export { ExchangeError, type ExchangeErrorCode, type FieldError } from './error.ts'
export { citeRecord, describeAsJsonLd } from './export/cite-record.ts'
export { type ExportQuestion, exportSearch, type OpenExport } from './export/export-search.ts'
export type { CitationStyle } from './export/format-citation.ts'
export { feedSearch } from './export/search-feed.ts'
export type { TextFile } from './export/text-file.ts'
export { exportRecord } from './export-record.ts'
export { createIdentity } from './keys/identity-files.ts'
export { getSealedCheckpoint } from './log/checkpoints.ts'
export { confirmAtStart, confirmByPeers, confirmLog } from './log/confirm.ts'
export { type EntriesPage, readPage, type Seen, waitForGrowth } from './log/entries.ts'
export { proveConsistency, proveInclusion } from './log/proof.ts'
export type { SealingInterval } from './log/schedule.ts'
export { verifyOwnLog } from './log/verify-own-log.ts'
export { findPeerKey } from './peer-keys.ts'
export { listActivePeers, suspendPeer } from './peers.ts'
export {
  disablePerson,
  enablePerson,
  findOrAddPerson,
  type Identified,
  issuerOf,
  listPeople,
  type Person,
  subjectOf,
} from './people/people.ts'
export { rolesOf, scopesOf } from './people/roles.ts'
export {
  beginSession,
  endSession,
  findSession,
  purgeSessions,
  type Session,
  type SessionLifetimes,
  type SignedIn,
} from './people/sessions.ts'
export { projectAll } from './projection/start-projection.ts'
export { appendRecord, type Call, type Colleague, publishRecord } from './publish.ts'
export { getRecord, type ListOptions, listRecords, listVersions } from './records.ts'
export { useRequestToken } from './requests.ts'
export { reviseFinding } from './revise.ts'
export { answerSearch } from './search/answer.ts'
export type { AskingDeps } from './search/ask-peer.ts'
export { type FederatedQuestion, type Searcher, searchFederation, streamFederation } from './search/federated.ts'
export { getLateAnswers } from './search/late-answers.ts'
export { deleteSearch, listSearches, saveSearch } from './search/saved-searches.ts'
export { type LocalQuestion, type LocalResult, searchLocal } from './search/search-local.ts'
export type { RecordFilters } from './select-open.ts'
export { defaultSearch, type ExchangeConfig, type RunningExchange, startExchange } from './start-exchange.ts'
export { followPeer, type Pass } from './sync/follow-peer.ts'
export { observationsOf } from './sync/observations.ts'
export { openPeerCalls } from './sync/open-peer-calls.ts'
export type { Peer, PeerCalls } from './sync/peer-calls.ts'
export { compareAll, type SyncDeps, syncNow } from './sync/sync-loop.ts'
export { getHeldCheckpoint, listMisconduct, listPeerSync, listPeers, listQuarantine } from './sync/sync-status.ts'
export {
  type ApiToken,
  createToken,
  findUsableToken,
  listTokens,
  type NewApiToken,
  revokeToken,
  type TokenOwner,
} from './tokens.ts'
export { openWake, type Wake, type WakeTopic } from './wake.ts'
export { type WithdrawalReason, withdrawFinding } from './withdraw.ts'
export { getChanges } from './workflow/changes.ts'
export {
  addClearance,
  type ClearanceOutcome,
  decideClearance,
  listClearances,
  overrideClearance,
} from './workflow/clearances.ts'
export { addComment, listComments, resolveComment } from './workflow/comments.ts'
export { createGroup, getGroup, listGroups, replaceGroup } from './workflow/manage-groups.ts'
export { markRecord, type PublishingCall } from './workflow/mark-record.ts'
export { type Act, type Circle, needsSecondPerson } from './workflow/needs-second-person.ts'
export { publishDraft } from './workflow/publish-draft.ts'
export { renewGroups } from './workflow/renew-groups.ts'
export {
  type Approval,
  approveDraft,
  getReview,
  recallDraft,
  sendBackDraft,
  submitDraft,
} from './workflow/review-draft.ts'
