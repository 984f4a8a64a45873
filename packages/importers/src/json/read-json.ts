import { ImportError } from '../error.ts'
import { limits } from '../limits.ts'
import type { Fold, Kept, Shape } from './shape.ts'
import { createTokenizer, type Scalar } from './tokenizer.ts'

/**
 * Reads one JSON value from bytes as they come, keeping only what the shape names. Where a value is of another kind than
 * its shape (an object for a scalar), it is taken as absent. Members of one name are refused in every object the shape
 * looks into.
 *
 * @throws {ImportError} the `JSON_…` codes.
 */
export async function readJson(chunks: AsyncIterable<Uint8Array>, shape: Shape): Promise<Kept | undefined> {
  const keeper = new Keeper(shape)
  const tokenizer = createTokenizer(keeper)
  for await (const chunk of chunks) tokenizer.write(chunk)
  tokenizer.end()
  return keeper.result
}

type Frame =
  | {
      readonly kind: 'object'
      readonly shape: ShapeOf<'object'> | ShapeOf<'dictionary'>
      readonly map: Map<string, Kept>
      readonly names: Set<string>
      name: string
      nameCharacters: number
    }
  | { readonly kind: 'list'; readonly items: Shape; readonly list: Kept[] }
  | { readonly kind: 'fold'; readonly items: Shape; readonly into: Fold }
type ShapeOf<Kind> = Extract<Shape, { kind: Kind }>

/** Follows the tokens with the shape beside them. Below a value the shape does not name, it only counts depth. */
class Keeper {
  result: Kept | undefined
  readonly #root: Shape
  readonly #frames: Frame[] = []
  #skipping = 0
  #kept = 0
  #characters = 0
  /** Folds around the value at hand: what they take is not kept. */
  #folds = 0

  constructor(root: Shape) {
    this.#root = root
  }

  wantsText(): boolean {
    if (this.#skipping > 0) return false
    const top = this.#frames.at(-1)
    return (top?.kind === 'object' && top.name === '') || this.#next()?.kind === 'scalar'
  }

  key(name: string | undefined): void {
    const top = this.#frames.at(-1)
    if (this.#skipping > 0 || top?.kind !== 'object' || name === undefined) return
    if (top.names.has(name)) throw new ImportError('JSON_DUPLICATE', 'one object names a member twice')
    top.nameCharacters += name.length
    if (top.names.size === limits.objectMembers || top.nameCharacters > limits.objectNameCharacters) {
      throw new ImportError('JSON_TOO_LARGE', 'one object has too many members')
    }
    top.names.add(name)
    top.name = ` ${name}`
  }

  scalar(value: Scalar | undefined): void {
    if (this.#skipping > 0) return
    const shape = this.#next()
    if (shape?.kind === 'scalar') this.#put(value)
    else this.#put(shape?.kind === 'presence' && value !== null ? true : undefined)
  }

  beginObject(): void {
    const shape = this.#begin('object', 'dictionary')
    if (shape?.kind === 'object' || shape?.kind === 'dictionary') {
      this.#frames.push({ kind: 'object', shape, map: new Map(), names: new Set(), name: '', nameCharacters: 0 })
    }
  }

  beginArray(): void {
    const shape = this.#begin('list', 'fold')
    if (shape?.kind === 'list') this.#frames.push({ kind: 'list', items: shape.items, list: [] })
    if (shape?.kind === 'fold') {
      this.#folds++
      this.#frames.push({ kind: 'fold', items: shape.items, into: shape.start() })
    }
  }

  endObject(): void {
    this.#end()
  }

  endArray(): void {
    this.#end()
  }

  /** The shape of the value that comes next; `undefined` where nothing of it is wanted. */
  #next(): Shape | undefined {
    const top = this.#frames.at(-1)
    if (top === undefined) return this.#root
    if (top.kind !== 'object') return top.items
    return top.shape.kind === 'dictionary' ? top.shape.values : top.shape.members[top.name.slice(1)]
  }

  #begin(...kinds: Shape['kind'][]): Shape | undefined {
    const shape = this.#skipping === 0 ? this.#next() : undefined
    if (shape !== undefined && kinds.includes(shape.kind)) return shape
    this.#skipping++
    return undefined
  }

  #end(): void {
    if (this.#skipping > 0) {
      this.#skipping--
      if (this.#skipping === 0) this.#put(this.#next()?.kind === 'presence' ? true : undefined)
      return
    }
    const frame = this.#frames.pop()
    if (frame?.kind === 'object') this.#put(frame.map)
    if (frame?.kind === 'list') this.#put(frame.list)
    if (frame?.kind === 'fold') {
      this.#folds--
      this.#put(frame.into)
    }
  }

  #put(value: Kept | undefined): void {
    const top = this.#frames.at(-1)
    if (value !== undefined && this.#folds === 0) this.#charge(value)
    if (top?.kind === 'fold') top.into.add(value)
    else if (top === undefined) this.result = value
    else if (top.kind === 'list') top.list.push(value ?? null)
    else {
      if (value !== undefined) top.map.set(top.name.slice(1), value)
      top.name = ''
    }
  }

  /** Whatever a file holds, what is kept of it stays small. */
  #charge(value: Kept): void {
    if (typeof value === 'string') this.#characters += value.length
    if (++this.#kept > limits.keptValues || this.#characters > limits.keptCharacters) {
      throw new ImportError('JSON_TOO_LARGE', 'holds too much to keep')
    }
  }
}
