import { ExchangeError } from '@concordance/exchange'
import { type Problem, type ProblemCode, ProtocolError, problems } from '@concordance/protocol'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** Answers of a node that are no success, before they are written. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly code: ProblemCode
  readonly extra: Pick<Problem, 'errors' | 'serverTime'>
  constructor(code: ProblemCode, detail: string, extra: Pick<Problem, 'errors' | 'serverTime'> = {}) {
    super(detail)
    this.code = code
    this.extra = extra
  }
}

/** Answers every failure as `application/problem+json` (RFC 9457). The one place where errors meet HTTP. */
export const problemAnswers = fp(async (app: FastifyInstance) => {
  app.setErrorHandler<FastifyError>((error, request, reply) => sendProblem(request, reply, problemOf(error, request)))
  app.setNotFoundHandler((request, reply) => {
    const methods = methodsAt(app, request)
    if (methods.length === 0) return sendProblem(request, reply, { code: 'not-found', detail: 'no such address' })
    reply.header('allow', methods.join(', '))
    return sendProblem(request, reply, { code: 'method-not-allowed', detail: `use ${methods.join(', ')}` })
  })
})

type Told = { code: ProblemCode; detail?: string; errors?: Problem['errors']; serverTime?: number }

/** The body of a problem; also what `GET /v1/problems/:code` and tests look at. */
export function formatProblem({ code, ...rest }: Told, instance?: string): Problem {
  const { status, title, remedy } = problems[code]
  const body = { type: `urn:concordance:problem:${code}`, title, status, code, remedy, ...rest }
  return (instance === undefined ? body : { ...body, instance }) as Problem
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, told: Told): FastifyReply {
  // Refusals before a signature has verified are byte-identical: nothing of the request, not even its id, is in them.
  const body = formatProblem(told, told.code === 'unauthenticated' ? undefined : request.id)
  if (body.status === 401) reply.header('www-authenticate', 'Bearer, Concordance')
  if (body.status === 503) reply.header('retry-after', '1')
  return reply.code(body.status).type('application/problem+json').send(JSON.stringify(body))
}

function problemOf(error: FastifyError | Error, request: FastifyRequest): Told {
  if (error instanceof HttpProblem) return { code: error.code, detail: error.message, ...error.extra }
  if (error instanceof ExchangeError) return fromExchange(error, request)
  if (error instanceof ProtocolError) return fromProtocol(error)
  const { validation, statusCode, code } = error as FastifyError
  if (validation) return invalid(error as FastifyError)
  if (statusCode !== undefined && statusCode < 500) return { code: codeOfStatus(statusCode, code) }
  if (isStoreFailure(error)) {
    request.log.error({ code }, 'the database does not answer')
    return { code: code === diskFull ? 'disk-full' : 'store-unavailable' }
  }
  request.log.error({ err: error }, 'request failed')
  return { code: 'internal' }
}

function fromExchange(error: ExchangeError, request: FastifyRequest): Told {
  if (!(error.code in problems)) {
    request.log.error({ err: error }, 'request failed')
    return { code: 'internal' }
  }
  const errors = error.errors.length > 0 ? { errors: [...error.errors] } : {}
  return { code: error.code as ProblemCode, detail: error.message, ...errors }
}

/** What a caller sent does not have the form it must have; the codes of ours say which rule. */
function fromProtocol(error: ProtocolError): Told {
  if (error.code === 'MARKING') return { code: 'marking-invalid', detail: error.message }
  if (error.code === 'TOO_LARGE') return { code: 'statement-too-large', detail: error.message }
  if (error.code === 'JSON_TOO_LARGE') return { code: 'too-large', detail: error.message }
  return { code: 'invalid', detail: error.message }
}

function invalid(error: FastifyError): Told {
  const context = error.validationContext ?? 'request'
  const errors = (error.validation ?? []).slice(0, 20).map(({ instancePath, message, keyword }) => ({
    pointer: `/${context}${instancePath}`,
    detail: message ?? keyword,
  }))
  return { code: 'invalid', detail: `the ${context} breaks ${errors.length} rules`, errors }
}

function codeOfStatus(status: number, code: string): ProblemCode {
  if (status === 413) return 'too-large'
  if (status === 415) return 'unsupported-media'
  if (status === 429) return 'rate'
  if (status === 404) return 'not-found'
  if (status === 401) return 'unauthenticated'
  if (status === 414 || code === 'FST_ERR_BAD_URL') return 'invalid'
  return 'invalid'
}

const diskFull = '53100'

/** PostgreSQL's own classes (connection, resources, operator intervention), and what the socket says. */
function isStoreFailure(error: Error & { code?: string }): boolean {
  const { code = '' } = error
  if (/^(08|53|57)/.test(code) || code === '25006') return true
  if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].includes(code)) return true
  return /Connection terminated|timeout exceeded when trying to connect/.test(error.message)
}

function methodsAt(app: FastifyInstance, request: FastifyRequest): string[] {
  const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const
  const path = request.url.split('?')[0] ?? '/'
  return methods.filter((method) => method !== request.method && app.findRoute({ method, url: path }) !== null)
}
