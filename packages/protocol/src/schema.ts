import { type Static, type TSchema, Type } from 'typebox'
import { Compile, type Validator } from 'typebox/schema'
import { ProtocolError, type ProtocolErrorCode } from './error.ts'
import { limits } from './limits.ts'

/** 32 bytes as strict base64url: the last character leaves no unused bit set. */
export const Base64url32 = Type.String({ pattern: '^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$' })

/** 16 bytes as strict base64url. */
export const Base64url16 = Type.String({ pattern: '^[A-Za-z0-9_-]{21}[AQgw]$' })

/** Shape of an entity id; `parseEntityId` checks the rest. */
export const EntityIdText = Type.String({
  pattern: '^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~-]+)*$',
  maxLength: limits.entityIdBytes,
})

export const OriginText = Type.String({ pattern: '^[a-z0-9][A-Za-z0-9.:/_~-]*/log/[1-9][0-9]{0,8}$', maxLength: 220 })

/** A position, size, sequence number or time in seconds. */
export const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** UUID version 7, lower case (RFC 9562). */
export const FindingId = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
})

export const LanguageTag = Type.String({ pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$', maxLength: 35 })

/** A compact JWS as text; taken apart only in `jws.ts`. */
export const JwsText = Type.String({ pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$' })

/**
 * Makes the check of a schema: returns the value, typed, or throws. Compiled at the first use, once.
 *
 * @param what Names the thing in messages, such as `statement`.
 */
export function checkOf<Schema extends TSchema>(
  schema: Schema,
  what: string,
  code: ProtocolErrorCode = 'SCHEMA',
): (value: unknown) => Static<Schema> {
  let validator: Validator | undefined
  return (value) => {
    validator ??= Compile(schema) as Validator
    if (!validator.Check(value)) throw new ProtocolError(code, `${what} ${faultOf(validator, value)}`)
    return value as Static<Schema>
  }
}

/** Where and which rule, never the value: messages hold no content. */
function faultOf(validator: Validator, value: unknown): string {
  const [, [first]] = validator.Errors(value)
  if (first === undefined) return 'is malformed'
  const pointer = first.instancePath.slice(0, 120).replaceAll(/[^\x21-\x7e]/g, '?')
  return `${pointer === '' ? '/' : pointer} fails ${first.keyword}`
}
