import { ExchangeError, type FieldError } from '@concordance/exchange'
import { api, type Problem, type ProblemCode, ProtocolError, problems } from '@concordance/protocol'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { NodeError } from './error.ts'

/** Answers every failure as `application/problem+json` (RFC 9457). The one place where errors meet HTTP. */
export const problemAnswers = fp(async (app: FastifyInstance) => {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof ExchangeError && error.retryAfterSeconds !== undefined) {
      reply.header('retry-after', String(error.retryAfterSeconds))
    }
    return sendProblem(request, reply, problemOf(error, request))
  })
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsAt(app, request.url)
    if (methods.length === 0) return sendProblem(request, reply, { code: 'not-found' })
    reply.header('allow', methods.join(', '))
    return sendProblem(request, reply, { code: 'method-not-allowed' })
  })
})

/** A refusal before it is written: the code says the rest. */
export interface Refusal {
  readonly code: ProblemCode
  readonly detail?: string
  readonly errors?: readonly FieldError[]
  readonly serverTime?: number
}

/** The body of a problem. @param instance Id of the request; left out where answers have to be the same for all. */
export function formatProblem({ code, ...rest }: Refusal, instance?: string): Problem {
  const { status, title, remedy } = problems[code]
  const problem = { type: `urn:concordance:problem:${code}`, title, status, code, remedy, ...rest }
  return { ...problem, ...(instance !== undefined && { instance }) } as Problem
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  // Until a signature has verified, every refusal is byte for byte the same: not even the request's id is in it.
  const instance = refusal.code === 'unauthenticated' ? undefined : `urn:uuid:${request.id}`
  const problem = formatProblem(refusal, instance)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer, Concordance')
  if (problem.status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', '1')
  reply.header('cache-control', 'no-store')
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

/** The whole answer, for requests that never became one: the parser of HTTP itself has refused them. */
export function formatRawProblem(code: ProblemCode): string {
  const body = JSON.stringify(formatProblem({ code }))
  const { status, title } = problems[code]
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

function problemOf(error: FastifyError | Error, request: FastifyRequest): Refusal {
  const refusal = refusalOf(error)
  if (refusal.code === 'internal') request.log.error({ err: error }, 'request failed')
  else if (isOurFault(refusal.code)) request.log.warn({ err: error, code: refusal.code }, 'request refused')
  return refusal
}

function isOurFault(code: ProblemCode): boolean {
  return problems[code].status >= 500
}

/** What a failure says to a caller. */
export function refusalOf(error: FastifyError | Error): Refusal {
  if (error instanceof NodeError || error instanceof ExchangeError) return refusalOfOurs(error)
  if (error instanceof ProtocolError) return { code: problemOfProtocol(error), detail: error.message }
  const { validation, validationContext, code = '', statusCode = 500 } = error as FastifyError
  if (validation) return refusalOfSchema(validation, validationContext)
  if (code.startsWith('FST_') && statusCode < 500) return { code: problemOfStatus(statusCode) }
  return { code: problemOfStore(code, error.message) ?? 'internal' }
}

function refusalOfOurs(error: NodeError | ExchangeError): Refusal {
  const { code, message } = error
  if (!isProblemCode(code)) return { code: 'internal' }
  // "Not here" and "not for you" are one answer, and what fails inside is nobody's business.
  if (code === 'not-found' || isOurFault(code)) return { code }
  const serverTime = error instanceof NodeError ? error.serverTime : undefined
  return {
    code,
    detail: message,
    ...(error.errors.length > 0 && { errors: error.errors }),
    ...(serverTime !== undefined && { serverTime }),
  }
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code)
}

/** What a caller sent does not have the form it must have. */
function problemOfProtocol({ code }: ProtocolError): ProblemCode {
  if (code === 'MARKING') return 'marking-invalid'
  if (code === 'TOO_LARGE') return 'statement-too-large'
  if (code === 'JSON_TOO_LARGE') return 'too-large'
  return 'invalid'
}

const errorsAtMost = 20
const places: Record<string, string> = { querystring: 'query', params: 'path' }

function refusalOfSchema(validation: NonNullable<FastifyError['validation']>, context = 'request'): Refusal {
  const place = places[context] ?? context
  const errors = validation.slice(0, errorsAtMost).map(({ instancePath, message, keyword }) => ({
    pointer: `/${place}${instancePath}`,
    detail: message ?? keyword,
  }))
  return { code: 'invalid', detail: `the ${place} does not have the form of this operation`, errors }
}

function problemOfStatus(status: number): ProblemCode {
  if (status === 413) return 'too-large'
  if (status === 415) return 'unsupported-media'
  return 'invalid'
}

/** By SQLSTATE (PostgreSQL, appendix A) or by what the socket or the pool says. Undefined: not a failure of the store. */
function problemOfStore(code: string, message: string): ProblemCode | undefined {
  if (code === '53100') return 'disk-full'
  if (/^(40|55)/.test(code) || code === '57014') return 'unavailable' // conflicts, locks and statements that took too long
  if (/^(08|53|57)/.test(code) || code === '25006') return 'store-unavailable'
  if (/^22/.test(code)) return 'invalid' // a value that the database cannot hold
  if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].includes(code)) return 'store-unavailable'
  return /^Connection terminated|timeout exceeded when trying to connect/.test(message)
    ? 'store-unavailable'
    : undefined
}

const patterns = Object.values(api).map(({ method, url }) => ({
  method,
  url,
  path: new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
}))

/** The methods of the contract that `app` serves at this address. */
function methodsAt(app: FastifyInstance, address: string): string[] {
  const path = address.split('?', 1)[0] ?? '/'
  const served = patterns.filter((pattern) => pattern.path.test(path) && app.hasRoute(pattern))
  const methods = served.map(({ method }) => method)
  return methods.flatMap((method) => (method === 'GET' ? [method, 'HEAD'] : [method]))
}
