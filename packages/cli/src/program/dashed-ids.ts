import { isDigest } from '../ids.ts'

/*
 * One record id in 64 begins with a dash, and would be read as an option. It is held behind a blank, which no option begins
 * with, while the command line is taken apart.
 */

export function guardDashedIds(args: readonly string[]): string[] {
  return args.map((arg) => (arg.startsWith('-') && isDigest(arg) ? ` ${arg}` : arg))
}

/** Of whatever commander gives: arguments, lists of them, options by name. */
export function freeDashedIds(given: unknown): unknown {
  if (typeof given === 'string') return given.startsWith(' -') && isDigest(given.slice(1)) ? given.slice(1) : given
  if (Array.isArray(given)) return given.map(freeDashedIds)
  if (typeof given !== 'object' || given === null) return given
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, freeDashedIds(value)]))
}
