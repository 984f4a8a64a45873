import type { FastifyReply, FastifyRequest } from 'fastify'
import { personOf } from './caller.ts'
import { NodeError } from './error.ts'
import type { Rates } from './rates.ts'

/** Federated searches that run now: each holds a connection to every peer, so that one person holds few. */
export interface LiveSearches {
  /**
   * Takes a place until the answer has ended, or whoever asked has left.
   *
   * @returns aborts when whoever asked leaves before the end.
   * @throws {NodeError} `rate`: too many in a minute by all, or too many at once by this person or by all.
   */
  enter(request: FastifyRequest, reply: FastifyReply): Promise<AbortSignal>
}

const ofPerson = 8
const atAll = 64
const retryAfterSeconds = 1

export function createLiveSearches(rates: Rates): LiveSearches {
  const running = new Map<string, number>()
  let count = 0
  const change = (subject: string, by: number) => {
    const left = (running.get(subject) ?? 0) + by
    if (left > 0) running.set(subject, left)
    else running.delete(subject)
    count += by
  }
  return {
    async enter(request, reply) {
      const { subject } = personOf(request)
      if ((running.get(subject) ?? 0) >= ofPerson || count >= atAll) {
        reply.header('retry-after', String(retryAfterSeconds))
        throw new NodeError('rate', 'too many federated searches at the same time')
      }
      await rates.federated(request, reply)
      change(subject, 1)
      const leaving = new AbortController()
      reply.raw.once('close', () => {
        change(subject, -1)
        if (!reply.raw.writableFinished) leaving.abort()
      })
      return leaving.signal
    },
  }
}
