import type { ImportWarning, WarningCode } from './result.ts'

/** Collects what people should know about an import. Details name fields and counts, never unchecked text of the log. */
export interface WarningLog {
  add(code: WarningCode, detail: string): void
  /** In the order they came; of many of one code the first, with the number of the others. */
  list(): ImportWarning[]
}

const shownOfOneCode = 3

/** @param before What was collected earlier, perhaps in another thread. */
export function newWarningLog(before: readonly ImportWarning[] = []): WarningLog {
  const details = new Map<WarningCode, Set<string>>()
  const add = (code: WarningCode, detail: string): void => {
    details.set(code, (details.get(code) ?? new Set()).add(detail))
  }
  for (const { code, detail } of before) add(code, detail)
  return { add, list: () => [...details].flatMap(([code, texts]) => shown(code, [...texts])) }
}

function shown(code: WarningCode, texts: readonly string[]): ImportWarning[] {
  if (texts.length <= shownOfOneCode) return texts.map((detail) => ({ code, detail }))
  return [{ code, detail: `${texts[0]} (and ${texts.length - 1} more)` }]
}
