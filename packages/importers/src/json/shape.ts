import type { Scalar } from './tokenizer.ts'

/**
 * What may be taken from a foreign file, and nothing else: an allow-list in the shape of the file. Whatever it does not
 * name is passed over as bytes and never becomes a value in this process.
 */
export type Shape =
  | { readonly kind: 'scalar' }
  | { readonly kind: 'object'; readonly members: Readonly<Record<string, Shape>> }
  | { readonly kind: 'dictionary'; readonly values: Shape }
  | { readonly kind: 'list'; readonly items: Shape }
  | { readonly kind: 'fold'; readonly items: Shape; readonly start: () => Fold }
  | { readonly kind: 'presence' }

/** What becomes of a list that is too long to keep: its items are counted or summed up as they pass. */
export interface Fold {
  add(item: Kept | undefined): void
}

/** A value taken by a shape. Objects are maps, so that no member name means anything to JavaScript. */
export type Kept = Scalar | Kept[] | ReadonlyMap<string, Kept> | Fold

export const scalar: Shape = { kind: 'scalar' }

/** Only that a member is there and not null. */
export const presence: Shape = { kind: 'presence' }

export function object(members: Record<string, Shape>): Shape {
  return { kind: 'object', members: Object.assign(Object.create(null), members) }
}

/** An object whose member names are data. */
export function dictionary(values: Shape): Shape {
  return { kind: 'dictionary', values }
}

export function list(items: Shape): Shape {
  return { kind: 'list', items }
}

export function fold(items: Shape, start: () => Fold): Shape {
  return { kind: 'fold', items, start }
}

export class Count implements Fold {
  items = 0
  add(): void {
    this.items++
  }
}

/** How many items a list has. */
export const count: Shape = fold(presence, () => new Count())
