/**
 * What `search_entry.cells` holds of each record, one after the other: when, where, and the facet sets it has. Numbers are
 * unsigned and big-endian: iat 5 bytes, log 2, position 5, then four ids of 4 bytes.
 */
export const cellBytes = 28
const setsFrom = 12
export const setsOfCell = 4

/** The end of the year 9999: beyond it nothing is newer (see `search_iat`). */
export const lastMoment = 253_402_300_799

/** Where a record stands in lists: newest first, then by log, then the later position first. */
export interface Place {
  /** Seconds since the epoch. */
  readonly iat: number
  readonly log: number
  readonly position: number
}

export function placeAt(cells: Buffer, index: number): Place {
  const at = index * cellBytes
  return { iat: cells.readUIntBE(at, 5), log: cells.readUInt16BE(at + 5), position: cells.readUIntBE(at + 7, 5) }
}

/** Below 0 where `a` comes before `b`. */
export function comparePlaces(a: Place, b: Place): number {
  return b.iat - a.iat || a.log - b.log || b.position - a.position
}

/** How many records have each facet set, by id. */
export function countSets(cells: Buffer): Map<number, number> {
  const counts = new Map<number, number>()
  for (let at = setsFrom; at < cells.length; at += cellBytes) {
    for (let set = 0; set < setsOfCell; set++) {
      const id = cells.readUInt32BE(at + set * 4)
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}

/** The first `count` records in the order of lists, of those that `isWanted`. */
export function newestOf(cells: Buffer, count: number, isWanted: (place: Place) => boolean = () => true): Place[] {
  const places: Place[] = []
  for (let index = 0; index * cellBytes < cells.length; index++) {
    const place = placeAt(cells, index)
    if (isWanted(place)) places.push(place)
  }
  return places.sort(comparePlaces).slice(0, count)
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
