/**
 * What `search_entry.cells` holds of each record, one after the other: when, where, and the facet sets it has. Numbers are
 * unsigned and big-endian: iat 5 bytes, log 2, position 5, then five ids of 4 bytes.
 */
export const cellBytes = 32
/** A place alone is the beginning of a cell. */
export const placeBytes = 12
const setsFrom = placeBytes
export const setsOfCell = 5

/** The end of the year 9999: beyond it nothing is newer (see `search_iat`). */
export const lastMoment = 253_402_300_799

/** Where a record stands in lists: newest first, then by log, then the later position first. */
export interface Place {
  /** Seconds since the epoch. */
  readonly iat: number
  readonly log: number
  readonly position: number
}

function placeAt(cells: Buffer, at: number): Place {
  return { iat: cells.readUIntBE(at, 5), log: cells.readUInt16BE(at + 5), position: cells.readUIntBE(at + 7, 5) }
}

/** Below 0 where `a` comes before `b`. */
export function comparePlaces(a: Place, b: Place): number {
  return b.iat - a.iat || a.log - b.log || b.position - a.position
}

/** How many records have each facet set, by id. */
export function countSets(cells: Buffer): Map<number, number> {
  const found: number[] = []
  for (let at = setsFrom; at < cells.length; at += cellBytes) {
    for (let set = 0; set < setsOfCell; set++) {
      const id = cells.readUInt32BE(at + set * 4)
      if (id >= tally.length) tally = growTo(tally, id + 1)
      const before = tally[id] as number
      if (before === 0) found.push(id)
      tally[id] = before + 1
    }
  }
  const counts = new Map(found.map((id) => [id, tally[id] as number]))
  for (const id of found) tally[id] = 0
  return counts
}

/** By id, and all zero between two counts. Ids are dense, and an array counts ten times as fast as a map. */
let tally = new Uint32Array(1_024)

function growTo(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(length, array.length * 2))
  larger.set(array)
  return larger
}

/**
 * The first `count` records in the order of lists, of those that `isWanted`. Goes once over them all and keeps the first so
 * far in a heap with the last of them on top. From the end: what came later is mostly newer.
 *
 * @param bytes Of each record: `cellBytes`, or `placeBytes` where no more than its place is there.
 */
export function newestOf(
  cells: Buffer,
  count: number,
  isWanted?: (place: Place) => boolean,
  bytes: number = cellBytes,
): Place[] {
  const heap: Place[] = []
  for (let at = cells.length - bytes; at >= 0; at -= bytes) {
    const isFull = heap.length === count
    if (isFull && cells.readUIntBE(at, 5) < (heap[0] as Place).iat) continue
    const place = placeAt(cells, at)
    if (isFull && comparePlaces(place, heap[0] as Place) >= 0) continue
    if (isWanted && !isWanted(place)) continue
    if (!isFull) raise(heap, heap.push(place) - 1)
    else {
      heap[0] = place
      sink(heap)
    }
  }
  return heap.sort(comparePlaces)
}

/** All of them, in no order. */
export function placesOf(places: Buffer): Place[] {
  return Array.from({ length: places.length / placeBytes }, (_, i) => placeAt(places, i * placeBytes))
}

function raise(heap: Place[], from: number): void {
  for (let at = from; at > 0; ) {
    const parent = (at - 1) >> 1
    if (comparePlaces(heap[at] as Place, heap[parent] as Place) <= 0) return
    swap(heap, at, parent)
    at = parent
  }
}

function sink(heap: Place[]): void {
  for (let at = 0; ; ) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    let last = at
    if (left < heap.length && comparePlaces(heap[left] as Place, heap[last] as Place) > 0) last = left
    if (right < heap.length && comparePlaces(heap[right] as Place, heap[last] as Place) > 0) last = right
    if (last === at) return
    swap(heap, at, last)
    at = last
  }
}

function swap(heap: Place[], a: number, b: number): void {
  const place = heap[a] as Place
  heap[a] = heap[b] as Place
  heap[b] = place
}

/** Cells of records that are not in the index. */
export function writeCells(records: readonly { place: Place; sets: readonly number[] }[]): Buffer {
  const cells = Buffer.alloc(records.length * cellBytes)
  for (const [index, { place, sets }] of records.entries()) {
    let at = cells.writeUIntBE(place.iat, index * cellBytes, 5)
    at = cells.writeUInt16BE(place.log, at)
    at = cells.writeUIntBE(place.position, at, 5)
    for (const id of sets) at = cells.writeUInt32BE(id, at)
  }
  return cells
}
