import { ProtocolError } from '../error.ts'
import { checkOf } from '../schema.ts'
import type { Statement } from '../statement.ts'
import type { RecordType } from './record-type.ts'

/**
 * Holds a body to its record type; with the statement also to the rules between the two.
 *
 * @throws {ProtocolError} `SCHEMA`.
 */
export function checkBody(recordType: RecordType, body: unknown, statement?: Statement): void {
  const { schemaCheck } = lookup(recordType)
  schemaCheck?.(body)
  if (statement === undefined) return
  if (statement.body !== undefined && statement.body.type !== recordType.mediaType) {
    throw new ProtocolError('SCHEMA', `statement /body/type is not ${recordType.mediaType}`)
  }
  recordType.check?.(body, statement)
}

type Compiled = { schemaCheck: ((body: unknown) => unknown) | undefined }

const compiled = new WeakMap<RecordType, Compiled>()

function lookup(recordType: RecordType): Compiled {
  const known = compiled.get(recordType)
  if (known !== undefined) return known
  const { body, type } = recordType
  const fresh = { schemaCheck: body === undefined ? undefined : checkOf(body, `${type} body`) }
  compiled.set(recordType, fresh)
  return fresh
}
