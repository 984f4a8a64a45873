import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Keeps the heap close to what is in use, for a process that is a node and nothing else; call it first.
 *
 * The space for new objects does not grow to 128 MiB, as it would while a log is copied: what a page leaves behind is
 * collected sooner instead, at the same speed. The space for older ones is collected when it has doubled. V8 heeds that
 * only after a first collection, before which it lets garbage grow beyond 100 MiB; so there is one when the start is over.
 *
 * Until then nothing is compiled for speed: what runs once gains nothing by it, and the compilers, their working memory and
 * the code they make would stay, 10 MiB of an idle node.
 */
export function limitHeap(): void {
  isLimited = true
  growBy(1)
  setFlagsFromString('--heap-growing-percent=100')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  compileForSpeed(false)
  setTimeout(() => {
    compileForSpeed(true)
    collect()
  }, startIsOverMs).unref()
}

const startIsOverMs = 2_000
let isLimited = false

const mebibyte = 1_048_576
const roomBytes = 8 * mebibyte

/**
 * Runs work that makes and forgets much at once, such as a search or a burst of records to publish, in a space for new
 * objects that may grow up to 8 MiB: in less, what is still in use is copied again and again, which takes as long as the work.
 * V8 takes the room back from a process that has been quiet, so it is looked for again. A process that does no such work stays small.
 */
export async function withRoom<Result>(work: () => Promise<Result>): Promise<Result> {
  if (!isLimited || hasRoom()) return work()
  growBy(2)
  try {
    return await work()
  } finally {
    growBy(1)
  }
}

const lookAgainMs = 1_000
/** By the clock of the process; in the past until there is room. */
let hasRoomUntil = Number.NEGATIVE_INFINITY

function hasRoom(): boolean {
  const now = performance.now()
  if (now < hasRoomUntil) return true
  const isThere = getHeapSpaceStatistics().some(
    (space) => space.space_name === 'new_space' && space.space_size >= roomBytes,
  )
  if (!isThere) return false
  growBy(1) // also for those that asked for room and are not done yet: there is enough
  hasRoomUntil = now + lookAgainMs
  return true
}

/** By V8's two optimising compilers, of what runs often. */
function compileForSpeed(isWanted: boolean): void {
  for (const compiler of ['maglev', 'turbofan']) setFlagsFromString(`--${isWanted ? '' : 'no-'}${compiler}`)
}

function growBy(factor: 1 | 2): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}
