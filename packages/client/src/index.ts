export {
  type AddressGuard,
  type AddressRules,
  createAddressGuard,
  isLoopbackUrl,
  parseBaseUrl,
  parsePeerUrl,
  type Resolve,
} from './address-guard.ts'
export { type Authorize, bearer, type OutgoingRequest, type RequestTokenOptions, requestToken } from './authorize.ts'
export {
  type Answer,
  type CallInput,
  type CallOptions,
  type Client,
  type ClientOptions,
  createClient,
} from './create-client.ts'
export { ClientError, type ClientErrorCode, type ClientVerdict, type FieldError } from './error.ts'
export { type EntriesPage, type EntriesRequest, fetchEntries } from './fetch-entries.ts'
export { type FetchRequest, type GuardedFetch, type GuardedFetchOptions, openGuardedFetch } from './guarded-fetch.ts'
export { openPeerClient, type PeerClientOptions } from './open-peer-client.ts'
export { type StreamedSearch, streamSearch } from './stream-search.ts'
export { type Trust, type VerifiedRecord, verifiedRecord } from './verified-record.ts'
