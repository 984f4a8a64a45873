import { LogError } from './error.ts'

/** Requires an integer in [0, 2^53-1]. @throws {LogError} `SIZE_OUT_OF_RANGE`. */
export function verifySize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new LogError('SIZE_OUT_OF_RANGE', `tree size ${size} is not an integer from 0 to 2^53-1`)
  }
}

/** Requires `0 <= index < size`. @throws {LogError} `SIZE_OUT_OF_RANGE` or `INDEX_OUT_OF_RANGE`. */
export function verifyIndex(index: number, size: number): void {
  verifySize(size)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new LogError('INDEX_OUT_OF_RANGE', `position ${index} is not in a tree of size ${size}`)
  }
}
