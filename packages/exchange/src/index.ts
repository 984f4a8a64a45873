export { copyEntries, type EntryRow } from './database/copy.ts'
export { migrate, requireMigrated } from './database/migrate.ts'
export { connectionSettings, type Database, type DatabaseOptions, openDatabase } from './database/open.ts'
export type { LogState, PeerState, RecordStatus, Tables } from './database/tables.ts'
export type {
  ConfiguredPeer,
  Deps,
  Guard,
  GuardState,
  Identity,
  Logger,
  PeerDirectory,
  Signers,
  TreeHead,
} from './deps.ts'
export { ExchangeError, type ExchangeErrorCode, type FieldError } from './error.ts'
export { openWake, type Wake, type WakeTopic } from './wake.ts'
