import { usageFailure } from './failure.ts'

const time = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/

/**
 * A point in time as RFC 3339 spells it, or a day, which begins in UTC. Never the time zone of this machine.
 *
 * @throws {Failure} as a wrong command line.
 */
export function parseTime(text: string): Date {
  const at = new Date(text)
  if (time.test(text) && !Number.isNaN(at.getTime())) return at
  throw usageFailure(`${text} is no time`, 'write it as 2027-03-01T00:00:00Z, or as a day: 2027-03-01')
}

/** As `parseTime`, in seconds since the epoch. @throws {Failure} as a wrong command line. */
export function parseSeconds(text: string): number {
  return Math.floor(parseTime(text).getTime() / 1_000)
}
