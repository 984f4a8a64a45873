export { type Answers, parseAnswers } from './answers.ts'
export { ImportError, type ImportErrorCode } from './error.ts'
export { type ImportOptions, importFile, readEveryEvalEver, readInspect } from './import-file.ts'
export { limits } from './limits.ts'
export type { ImportProgress } from './read-log.ts'
export type {
  ImportedDraft,
  ImportFormat,
  ImportResult,
  ImportWarning,
  Question,
  WarningCode,
} from './result.ts'
