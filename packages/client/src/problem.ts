import { type JsonValue, type ProblemCode, parseJson, problems } from '@concordance/protocol'
import { ClientError, type ClientErrorDetails, type FieldError } from './error.ts'
import { decodeText, readBytes } from './read-bytes.ts'

const maxProblemBytes = 64 * 1024
const maxTextLength = 500
const maxFieldErrors = 50

export interface FailedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly mediaType: string
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * Turns a failed answer into the error of its problem (RFC 9457). Whoever answered may not be a node at all (a proxy,
 * a hostile host): then the code is `PROBLEM_UNKNOWN`.
 */
export async function readProblem({ status, headers, mediaType, chunks }: FailedAnswer): Promise<ClientError> {
  const details = { status, ...retryAfterOf(headers['retry-after']) }
  if (mediaType !== 'application/problem+json') {
    return new ClientError('PROBLEM_UNKNOWN', `the answer has status ${status} and no problem`, details)
  }
  return problemOf(parseProblem(decodeText(await readBytes(chunks, maxProblemBytes))), details)
}

function parseProblem(text: string): Member {
  try {
    const problem = parseJson(text, { maxBytes: maxProblemBytes })
    return isObject(problem) ? problem : {}
  } catch {
    return {} // a problem that cannot be read is a problem without a code
  }
}

type Member = { readonly [member: string]: JsonValue }

function problemOf(problem: Member, details: ClientErrorDetails & { status: number }): ClientError {
  const text = textOf(problem.detail) ?? textOf(problem.title) ?? `status ${details.status}`
  const code = problem.code
  if (typeof code !== 'string' || !isProblemCode(code)) return new ClientError('PROBLEM_UNKNOWN', text, details)
  const serverTime = problem.serverTime
  return new ClientError(code, text, {
    ...details,
    remedy: textOf(problem.remedy) ?? problems[code].remedy,
    errors: fieldErrorsOf(problem.errors),
    ...(typeof serverTime === 'number' ? { serverTime } : {}),
  })
}

function fieldErrorsOf(value: JsonValue | undefined): FieldError[] {
  if (!Array.isArray(value)) return []
  const errors: FieldError[] = []
  for (const item of value.slice(0, maxFieldErrors) as JsonValue[]) {
    if (!isObject(item)) continue
    errors.push({ pointer: textOf(item.pointer) ?? '', detail: textOf(item.detail) ?? '' })
  }
  return errors
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value.slice(0, maxTextLength) : undefined
}

function isObject(value: JsonValue): value is Member {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterOf(header: string | string[] | undefined): { retryAfterMs?: number } {
  if (typeof header !== 'string') return {}
  const delayMs = /^[0-9]{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(delayMs) ? {} : { retryAfterMs: Math.max(0, delayMs) }
}
