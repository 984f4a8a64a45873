import { type DraftBuilder, takeField } from './draft.ts'
import { type Found, findText, type LogNode } from './json/log-node.ts'
import { faultOfName } from './names.ts'
import type { WarningLog } from './warnings.ts'

/**
 * A name of the log that may leave, or `undefined` with a warning: it is then asked for.
 *
 * @param what How warnings call it, such as `the model`.
 * @param segments Parts between slashes the name may have.
 */
export function findName(node: LogNode, what: string, warnings: WarningLog, segments = 1): Found<string> | undefined {
  const found = findText(node)
  const fault = found === undefined ? undefined : faultOfName(found.value, segments)
  if (fault === undefined) return found
  if (fault === 'redacted' || fault === 'placeholder')
    warnings.add('name-redacted', `${what} is redacted or left open in the file`)
  else warnings.add('name-withheld', `the name of ${what} is not taken over: it ${reasons[fault]}`)
  return undefined
}

const reasons = {
  unprintable: 'holds characters that cannot be shown safely',
  'too-long': 'is too long for a name',
  private: 'looks like a path, an address or a user',
} as const

/** A version as programs write it, or `undefined`. */
export function findVersion(node: LogNode): Found<string> | undefined {
  const found = findText(node)
  return found !== undefined && /^[0-9A-Za-z][0-9A-Za-z.+!_-]{0,99}$/.test(found.value) ? found : undefined
}

export function takeName(
  draft: DraftBuilder,
  pointer: string,
  node: LogNode,
  what: string,
  warnings: WarningLog,
): void {
  takeField(draft, pointer, findName(node, what, warnings))
}
