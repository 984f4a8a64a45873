export {
  type AccessItem,
  type AccessPage,
  parseAccessPageUnsafe,
  signAccessPage,
  verifyAccessPage,
} from './access-page.ts'
export { hitsDigest, type SearchAnswer, type SearchReason, searchReasons, signAnswer, verifyAnswer } from './answer.ts'
export { api } from './api/api.ts'
export type {
  ConsistencyProof,
  InclusionProof,
  LogCheck,
  Misconduct,
  Observations,
  PeerSyncView,
  PeerView,
  QuarantinedEntry,
} from './api/log-shapes.ts'
export { parseAnswer } from './api/parse-answer.ts'
export type { ApiTokenView, PersonView, Role, SessionView } from './api/people-routes.ts'
export type { Access, AnswerOf, BodyOf, HeadersOf, ParamsOf, QueryOf, RouteContract, Scope } from './api/route.ts'
export type { SavedSearchView } from './api/saved-search-routes.ts'
export {
  formatSearchEvent,
  parseSearchEvent,
  type SearchEvent,
  type SearchEventName,
  type SearchSummary,
} from './api/search-events.ts'
export { type FacetName, facetNames, type Granularity, type SearchFilters } from './api/search-filters.ts'
export { questionDigest, type SearchQuestion } from './api/search-question.ts'
export type { InstituteAnswer, LateAnswers, SearchHit, SearchResult } from './api/search-shapes.ts'
export type {
  Audience,
  DraftInput,
  DraftPage,
  DraftView,
  Receipt,
  RecordDetail,
  RecordInput,
  RecordPage,
  RecordView,
  VersionView,
} from './api/shapes.ts'
export type {
  AuditedActView,
  AuditPage,
  Change,
  ChangesView,
  ClearanceInput,
  ClearanceView,
  CommentInput,
  CommentView,
  DraftOrReceipt,
  GroupInput,
  GroupView,
  Hazard,
  MarkingChange,
  ReviewView,
} from './api/workflow-shapes.ts'
export { decodeBase64url, encodeBase64url } from './base64url.ts'
export { type EncodedBody, encodeBody, verifyBody } from './body.ts'
export {
  canonicalize,
  type JsonObject,
  type JsonValue,
  parseCanonical,
  parseJson,
  readJsonUnsafe,
} from './canonical-json.ts'
export { namedTargetsOf } from './citations.ts'
export {
  type Coverage,
  openedDigestOf,
  parseCoverageUnsafe,
  positionsDigest,
  signCoverage,
  verifyCoverage,
} from './coverage.ts'
export { type GateContext, type GatedEntry, gateEntries, type Quarantine } from './entry-gate.ts'
export { ProtocolError, type ProtocolErrorCode } from './error.ts'
export {
  type CompactJws,
  digestOfCompact,
  type MessageType,
  parseCompactUnsafe,
  signCompact,
  verifyCompact,
  verifyCompactAsync,
} from './jws.ts'
export {
  type Algorithm,
  createLocalSigner,
  generatePrivateJwk,
  importVerifyKey,
  type KeyPurpose,
  type PrivateJwk,
  type PublicJwk,
  parsePublicJwk,
  publicJwkOf,
  type Signer,
  thumbprint,
  type VerifyKey,
} from './keys.ts'
export { getKey, type Keyset, type KeysetDocument, type KeysetKey, signKeyset, verifyKeyset } from './keyset.ts'
export { coverLeafInputOf, leafHashOf, leafInputOf } from './leaf.ts'
export { limits } from './limits.ts'
export { isCommon, isWithin, Marking, parseMarking, type Tlp } from './marking.ts'
export { type NodeDocument, signNodeDocument, verifyNodeDocument } from './node-document.ts'
export { isOriginOf, originOf, parseEntityId } from './origin.ts'
export {
  formatEntryLine,
  formatTrailerLine,
  type PageTrailer,
  parseEntryLine,
  parseTrailerLine,
  type WireEntry,
} from './page.ts'
export { Problem, type ProblemCode, problems } from './problems.ts'
export type { EvaluationBody, Measure } from './records/evaluation.ts'
export type { GroupBody } from './records/group.ts'
export { findRecordType, recordTypes } from './records/index.ts'
export type { KeysetBody } from './records/keyset.ts'
export { type MarkingBody, markOfChange } from './records/marking.ts'
export type { ObservationBody } from './records/observation.ts'
export type { DescribedText, RecordDescription, RecordType } from './records/record-type.ts'
export {
  commitSubject,
  judgeOpening,
  type OpenedSubject,
  opensSubject,
  type SealedSubject,
  type SubjectName,
} from './records/sealed-subject.ts'
export type { WithdrawalBody } from './records/withdrawal.ts'
export {
  emptyBodyDigest,
  parseRequestTokenUnsafe,
  type RequestClaims,
  type RequestToken,
  signRequestToken,
  verifyRequestToken,
} from './request-token.ts'
export {
  parseStatementUnsafe,
  type Relation,
  type RelationTarget,
  readStatementUnsafe,
  recordIdOf,
  type SignedStatement,
  type Statement,
  signStatement,
} from './statement.ts'
