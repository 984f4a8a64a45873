import type { Change, JsonValue } from '@concordance/protocol'

/**
 * The fields in which two JSON values differ, each by its pointer (RFC 6901), in the order of their names. Pure.
 *
 * @param before Undefined where there was nothing.
 */
export function differencesOf(before: JsonValue | undefined, after: JsonValue): Change[] {
  const [was, is] = [before === undefined ? new Map<string, JsonValue>() : fieldsOf(before), fieldsOf(after)]
  const pointers = [...new Set([...was.keys(), ...is.keys()])].sort()
  return pointers.flatMap((pointer) => {
    if (JSON.stringify(was.get(pointer)) === JSON.stringify(is.get(pointer))) return []
    return {
      pointer,
      ...(was.has(pointer) && { before: was.get(pointer) }),
      ...(is.has(pointer) && { after: is.get(pointer) }),
    }
  })
}

/** Every scalar and every empty array or object below `value`. */
function fieldsOf(value: JsonValue, pointer = '', fields = new Map<string, JsonValue>()): Map<string, JsonValue> {
  const members = typeof value === 'object' && value !== null ? Object.entries(value) : []
  if (members.length === 0) return fields.set(pointer, value)
  for (const [name, member] of members) {
    fieldsOf(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, fields)
  }
  return fields
}
