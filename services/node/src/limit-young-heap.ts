import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Keeps the space for new objects from growing to 128 MiB, as it would while a log is copied: what a page leaves behind
 * is collected sooner instead, at the same speed. For a process that is a node and nothing else; call it first.
 */
export function limitYoungHeap(): void {
  isLimited = true
  growBy(1)
}

let isLimited = false

const mebibyte = 1_048_576
const roomBytes = 4 * mebibyte

/**
 * Runs work that makes and forgets much at once, such as a search or a burst of records to publish, in a space for new
 * objects that may grow up to 4 MiB: in less, what is still in use is copied again and again, which takes as long as the work.
 * Once grown it stays so. A process that does no such work stays small.
 */
export async function withRoom<Result>(work: () => Promise<Result>): Promise<Result> {
  if (!isLimited || hasRoom) return work()
  hasRoom = getHeapSpaceStatistics().some((space) => space.space_name === 'new_space' && space.space_size >= roomBytes)
  growBy(hasRoom ? 1 : 2)
  try {
    return await work()
  } finally {
    growBy(1)
  }
}

let hasRoom = false

function growBy(factor: 1 | 2): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}
