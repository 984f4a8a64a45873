import { limits } from '@concordance/protocol'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { HttpProblem } from './problems.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Body exactly as it came; undefined where there was none. Request tokens commit to it. */
    rawBody: Buffer | undefined
  }
}

/** Largest body of a request: content of a record, with room for what stands around it. */
export const bodyLimitBytes = 2 * limits.bodyBytes

/**
 * The one way a body comes in: `application/json`, no encoding, raw bytes kept. It is parsed by `accessPolicy`, once it
 * is known who sent it.
 */
export const jsonBodies = fp(async (app: FastifyInstance) => {
  app.decorateRequest('rawBody', undefined)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: bodyLimitBytes },
    (request, body, done) => {
      request.rawBody = body as Buffer
      done(null, undefined)
    },
  )
  app.addHook('onRequest', async (request) => {
    if (request.headers['content-encoding'] !== undefined) {
      throw new HttpProblem('encoding', 'content-encoding is not accepted')
    }
  })
})
