/** Sealing by interval, as a node is configured. */
export interface SealingInterval {
  /** Seconds between two ticks, which are at its multiples since the epoch. */
  readonly every: number
  /** By how many leaves the log grows at each. */
  readonly leaves: number
}

/** An interval in force: at tick number `tick` the log had `size` leaves. */
export interface SealingSchedule extends SealingInterval {
  readonly tick: number
  readonly size: number
}

/** How many leaves the log has at a time, in seconds since the epoch: a function of the time and of nothing else. */
export function sizeAt({ every, leaves, tick, size }: SealingSchedule, seconds: number): number {
  return size + Math.max(0, Math.floor(seconds / every) - tick) * leaves
}

/** When the log has `size` leaves, in seconds since the epoch. Requires the size of a tick of this schedule. */
export function tickTimeOf({ every, leaves, tick, size: first }: SealingSchedule, size: number): number {
  return (tick + (size - first) / leaves) * every
}
