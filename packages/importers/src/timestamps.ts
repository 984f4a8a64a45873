import { type Found, findText, type LogNode } from './json/log-node.ts'
import type { WarningLog } from './warnings.ts'

const instant = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
const naive = /^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/
const epoch = /^\d{9,11}(?:\.\d+)?$/

/**
 * A point in time as a record can hold it: with an offset exactly as the log has it; without one only its day, because
 * the hour belongs to no zone; as seconds since 1970 (Every Eval Ever) in UTC.
 */
export function findTimestamp(node: LogNode, warnings: WarningLog): Found<string> | undefined {
  const found = findText(node)
  if (found === undefined || found.value === '') return undefined
  const value = readTimestamp(found.value)
  if (value === undefined) {
    warnings.add('timestamp-refused', `${node.origin} is no point in time`)
    return undefined
  }
  if (naive.test(found.value) && found.value.length > 10)
    warnings.add('timestamp-naive', `${node.origin} has no offset: only its day is kept`)
  return { value, origin: found.origin }
}

function readTimestamp(text: string): string | undefined {
  if (epoch.test(text)) return new Date(Math.floor(Number(text)) * 1000).toISOString().replace('.000Z', 'Z')
  const day = instant.exec(text)?.[1] ?? naive.exec(text)?.[1]
  if (day === undefined || !isDay(day)) return undefined
  if (instant.test(text)) return Number.isNaN(Date.parse(text)) ? undefined : text
  return day
}

function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}
