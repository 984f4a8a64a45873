import { type Found, findToken, type LogNode } from './json/log-node.ts'
import { limits } from './limits.ts'

/** Why a number cannot be taken over as it stands. */
export type NumberFault = 'not-finite' | 'inexact'

/**
 * The double a number token stands for, or why it is refused: records carry finite numbers, and no integer of more than
 * 53 bits below 1e21, which readers in other languages would round.
 */
export function parseNumber(token: string): number | NumberFault {
  const value = Number(token)
  if (!Number.isFinite(value)) return 'not-finite'
  if (token.length > limits.numberTokenLength) return 'inexact'
  if (Math.abs(value) < 1e21 && Number.isInteger(value) && !Number.isSafeInteger(value)) return 'inexact'
  return value === 0 ? 0 : value
}

/** A finite number, or `undefined` where there is none that can be taken over. */
export function findNumber(node: LogNode): Found<number> | undefined {
  const found = findToken(node)
  const value = found === undefined ? undefined : parseNumber(found.value)
  return found !== undefined && typeof value === 'number' ? { value, origin: found.origin } : undefined
}

/** A whole number from 0. */
export function findCount(node: LogNode): Found<number> | undefined {
  const found = findNumber(node)
  return found !== undefined && Number.isSafeInteger(found.value) && found.value >= 0 ? found : undefined
}

/** The sum of two decimal numbers without rounding, as the nearest double: 0.9125 + 0.0277 is 0.9402. */
export function addExactly(left: string, right: string): number {
  const [a, b] = [decimalOf(left), decimalOf(right)]
  if (a === undefined || b === undefined) return Number(left) + Number(right)
  const scale = Math.max(a.scale, b.scale)
  const units = a.units * 10n ** BigInt(scale - a.scale) + b.units * 10n ** BigInt(scale - b.scale)
  return Number(`${units}e-${scale}`)
}

function decimalOf(token: string): { units: bigint; scale: number } | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(token)
  if (match === null) return undefined
  const [, sign, whole, fraction = ''] = match
  const units = BigInt(`${whole}${fraction}`)
  return { units: sign === '-' ? -units : units, scale: fraction.length }
}
