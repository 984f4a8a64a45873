export { api } from './api/api.ts'
export type { Access, AnswerOf, BodyOf, HeadersOf, ParamsOf, QueryOf, RouteContract, Scope } from './api/route.ts'
export type {
  ConsistencyProof,
  DraftInput,
  DraftPage,
  DraftView,
  InclusionProof,
  InstituteAnswer,
  LogCheck,
  Misconduct,
  Observations,
  PeerSyncView,
  PeerView,
  QuarantinedEntry,
  Receipt,
  RecordDetail,
  RecordInput,
  RecordPage,
  RecordView,
  SearchResult,
  VersionView,
} from './api/shapes.ts'
