import type { Kept } from './shape.ts'
import type { NumberToken } from './tokenizer.ts'

/** A place in a log: what stands there, if anything was kept, and where that is. */
export interface LogNode {
  readonly value: Kept | undefined
  /** File within the archive (empty for a plain file), `#`, and a JSON pointer (RFC 6901). */
  readonly origin: string
}

/** A value together with the place it was found at. */
export interface Found<Value> {
  readonly value: Value
  readonly origin: string
}

export function rootNode(value: Kept | undefined, file = ''): LogNode {
  return { value, origin: `${file}#` }
}

export function memberOf(node: LogNode, ...names: string[]): LogNode {
  let { value, origin } = node
  for (const name of names) {
    value = value instanceof Map ? value.get(name) : undefined
    origin = `${origin}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
  }
  return { value, origin }
}

export function listItems(node: LogNode): LogNode[] {
  if (!Array.isArray(node.value)) return []
  return node.value.map((value, index) => ({ value, origin: `${node.origin}/${index}` }))
}

export function listMembers(node: LogNode): { name: string; node: LogNode }[] {
  if (!(node.value instanceof Map)) return []
  return [...node.value.keys()].map((name) => ({ name, node: memberOf(node, name) }))
}

export function findText(node: LogNode): Found<string> | undefined {
  return typeof node.value === 'string' ? { value: node.value, origin: node.origin } : undefined
}

export function findBoolean(node: LogNode): Found<boolean> | undefined {
  return typeof node.value === 'boolean' ? { value: node.value, origin: node.origin } : undefined
}

export function findToken(node: LogNode): Found<string> | undefined {
  return isNumberToken(node.value) ? { value: node.value.token, origin: node.origin } : undefined
}

export function isNumberToken(value: Kept | undefined): value is NumberToken {
  return typeof value === 'object' && value !== null && 'token' in value
}
