import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Closing waits for handlers whose caller has gone as well: the server only knows of connections, and what a handler uses is
 * there until it ends, or five seconds have passed. Register before the first route.
 */
export const runningHandlers = fp(async (app: FastifyInstance) => {
  const running = new Set<Promise<unknown>>()
  app.addHook('onRoute', (route) => {
    const { handler } = route
    route.handler = function (request, reply) {
      const answer = handler.call(this, request, reply)
      if (answer instanceof Promise) {
        running.add(answer)
        const forget = () => running.delete(answer)
        answer.then(forget, forget)
      }
      return answer
    }
  })
  app.addHook('onClose', async () => {
    await Promise.race([Promise.allSettled(running), sleep(waitsAtMostMs, undefined, { ref: false })])
  })
})

const waitsAtMostMs = 5_000
