import { findRecordType, type JsonObject, type RecordDescription } from '@concordance/protocol'

/** What is found by and shown of a record; nothing where its body is closed, or its type not known here. */
export function describeRecord(type: string, body: string | null): RecordDescription {
  const recordType = findRecordType(type)
  if (!recordType || body === null) return { title: {}, text: [], facets: {} }
  return recordType.describe(JSON.parse(body) as JsonObject) // it passed the gate before it was stored
}
