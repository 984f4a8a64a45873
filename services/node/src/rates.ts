import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RateLimits } from './config.ts'
import { NodeError } from './error.ts'

/** Counts one request against a limit. @throws {NodeError} `rate`, with `Retry-After`. */
export type RateCheck = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** One check for each kind of limit; each counts by itself. Needs `@fastify/rate-limit`. */
export type Rates = { readonly [Kind in keyof RateLimits]: RateCheck }

const windowMs = 60_000

/** Nothing that is not verified becomes a key: before a caller is known it is the address, then who the caller is. */
export function createRates(app: FastifyInstance, limits: RateLimits): Rates {
  const rate = (max: number, keyGenerator: (request: FastifyRequest) => string): RateCheck => {
    const count = app.createRateLimit({ max, timeWindow: windowMs, keyGenerator })
    return async (request, reply) => {
      const counted = await count(request)
      if (counted.isAllowed || !counted.isExceeded) return
      reply.header('retry-after', String(counted.ttlInSeconds))
      throw new NodeError('rate', `more than ${max} requests in a minute`)
    }
  }
  return {
    address: rate(limits.address, ({ ip }) => ip),
    public: rate(limits.public, ({ ip }) => ip),
    peer: rate(limits.peer, keyOfCaller),
    person: rate(limits.person, keyOfCaller),
    federated: rate(limits.federated, () => 'node'),
    export: rate(limits.export, (request) => keyOfCaller(request) || request.ip),
  }
}

function keyOfCaller({ caller }: FastifyRequest): string {
  if (caller.kind === 'public') return ''
  return caller.kind === 'peer' ? caller.iss : caller.subject
}
