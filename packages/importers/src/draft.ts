import type { JsonObject, JsonValue } from '@concordance/protocol'
import type { Found } from './json/log-node.ts'

/** The content of a draft as it is filled, each leaf with its origin. */
export interface DraftBuilder {
  readonly content: Record<string, JsonValue>
  readonly origins: Record<string, string>
}

export function newDraft(): DraftBuilder {
  return { content: Object.create(null), origins: Object.create(null) }
}

/**
 * Sets one field and says where each leaf of it comes from. Objects on the way are made as needed; an index one past the
 * end of a list appends.
 *
 * @param pointer JSON pointer (RFC 6901) of members written by this program: never a name out of a log.
 */
export function setField(draft: DraftBuilder, pointer: string, value: JsonValue, origin: string): void {
  removeField(draft, pointer)
  const path = segmentsOf(pointer)
  let target = draft.content as Record<string, JsonValue>
  for (const [index, name] of path.slice(0, -1).entries()) {
    target[name] ??= /^\d+$/.test(path[index + 1] ?? '') ? [] : {}
    target = target[name] as Record<string, JsonValue>
  }
  target[path.at(-1) ?? ''] = value
  for (const leaf of leavesOf(value, pointer)) draft.origins[leaf] = origin
}

/** Sets a field where the log has it. */
export function takeField(draft: DraftBuilder, pointer: string, found: Found<JsonValue> | undefined): void {
  if (found !== undefined) setField(draft, pointer, found.value, found.origin)
}

export function removeField(draft: DraftBuilder, pointer: string): void {
  const path = segmentsOf(pointer)
  const parent = valueAt(draft.content, path.slice(0, -1))
  if (typeof parent === 'object' && parent !== null && !Array.isArray(parent)) {
    delete (parent as Record<string, JsonValue>)[path.at(-1) ?? '']
  }
  for (const leaf of Object.keys(draft.origins)) {
    if (leaf === pointer || leaf.startsWith(`${pointer}/`)) delete draft.origins[leaf]
  }
}

export function findField(content: JsonObject, pointer: string): JsonValue | undefined {
  return valueAt(content, segmentsOf(pointer))
}

/** JSON pointers of everything below that has no parts; an empty list or object is a leaf itself. */
export function leavesOf(value: JsonValue, pointer: string): string[] {
  if (typeof value !== 'object' || value === null) return [pointer]
  const members = Object.entries(value)
  if (members.length === 0) return [pointer]
  return members.flatMap(([name, part]) =>
    leavesOf(part, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}

function valueAt(content: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = content
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, JsonValue>)[name]
  }
  return value
}

function segmentsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}
