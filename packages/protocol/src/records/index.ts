import { evaluation } from './evaluation.ts'
import { group } from './group.ts'
import { keyset } from './keyset.ts'
import { marking } from './marking.ts'
import { observation } from './observation.ts'
import type { RecordType } from './record-type.ts'
import { withdrawal } from './withdrawal.ts'

/** Every record type this version interprets, by its name. Adding one is its file, its test and its place here. */
export const recordTypes: ReadonlyMap<string, RecordType> = new Map<string, RecordType>(
  [evaluation, observation, withdrawal, marking, group, keyset].map((recordType) => [
    recordType.type,
    recordType as RecordType,
  ]),
)

export function findRecordType(type: string): RecordType | undefined {
  return recordTypes.get(type)
}

/**
 * Control records that take something away from readers. Where one cannot be interpreted, be it that this version does
 * not know its type, its targets stay hidden.
 */
export const hidingTypes: ReadonlySet<string> = new Set(['withdrawal', 'marking', 'erasure'])
