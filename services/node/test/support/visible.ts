import type { Answer } from './send.ts'

/** All of an answer but the time of day. */
export function visible({ status, headers: { date: _, ...headers }, text }: Answer) {
  return { status, headers, text }
}
