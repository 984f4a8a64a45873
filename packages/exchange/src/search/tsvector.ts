/** What a word is, as the weights of PostgreSQL: of two that stand at one place the heavier is kept. */
export const weight = { D: 0, C: 1, B: 2, A: 3 } as const
export type Weight = (typeof weight)[keyof typeof weight]

/** Lexemes with the places they stand at, see `placeOf`, in ascending order; none where only that they occur counts. */
export type Lexemes = ReadonlyMap<string, readonly number[]>

/** PostgreSQL keeps positions up to here, and so many of a lexeme (its manual, §12.11). */
const lastPosition = 16_383
export const placesAtMost = 256

/** @param position From 1; those behind the last one are one. */
export function placeOf(position: number, weight: Weight): number {
  return (weight << 14) | Math.min(position, lastPosition)
}

export function positionOf(place: number): number {
  return place & lastPosition
}

/**
 * A tsvector as PostgreSQL sends and receives it: it need not be parsed there, as text would. Lexemes may stand in any order
 * and must not hold NUL, which ends one.
 */
export function encodeTsvector(lexemes: Lexemes): Buffer {
  let at = scratch.writeInt32BE(lexemes.size)
  for (const [lexeme, places] of lexemes) {
    reserve(at + lexeme.length * 3 + 3 + places.length * 2)
    at = writeText(lexeme, at)
    scratch[at++] = 0
    at = scratch.writeUInt16BE(places.length, at)
    for (const place of places) at = scratch.writeUInt16BE(place, at)
  }
  return Buffer.from(scratch.subarray(0, at))
}

/** Grows to the largest tsvector there was: 1 MiB. */
let scratch = Buffer.allocUnsafe(16_384)

function reserve(bytes: number): void {
  if (bytes <= scratch.length) return
  const larger = Buffer.allocUnsafe(bytes * 2)
  scratch.copy(larger)
  scratch = larger
}

/** Words are short: what is ASCII is written here sooner than a call to do so takes. */
function writeText(text: string, from: number): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return from + scratch.write(text, from)
    scratch[from + i] = unit
  }
  return from + text.length
}

/** The array of these tsvectors, for a parameter `tsvector[]`. */
export function encodeTsvectors(tsvectors: readonly Buffer[]): Buffer {
  const bytes = arrayHead + tsvectors.reduce((sum, { length }) => sum + 4 + length, 0)
  const array = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const part of [dimensions, hasNulls, tsvectorOid, tsvectors.length, firstIndex])
    at = array.writeInt32BE(part, at)
  for (const tsvector of tsvectors) {
    at = array.writeInt32BE(tsvector.length, at)
    at += tsvector.copy(array, at)
  }
  return array
}

const arrayHead = 20
const dimensions = 1
const hasNulls = 0
/** pg_type.oid, the same in every release. */
const tsvectorOid = 3614
const firstIndex = 1
