import { limits, parseJson } from '@concordance/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { NodeError } from './error.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Body exactly as it came; undefined where there was none. Request tokens commit to it. */
    rawBody: Buffer | undefined
  }
}

/** Largest body of a request: the content of a record, with room for other spellings of it and what stands around it. */
export const bodyLimitBytes = 2 * limits.bodyBytes

/** The one way a body comes in: `application/json`, no encoding, raw bytes kept for `parseBody`. */
export const jsonBodies = fp(async (app: FastifyInstance) => {
  app.decorateRequest('rawBody', undefined)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    request.rawBody = body.length > 0 ? body : undefined
    done(null, undefined)
  })
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['content-encoding'] !== undefined) throw new NodeError('encoding', 'content-encoding is not accepted')
  })
})

/** For `preValidation`, once nothing is left to check on the raw bytes. @throws {ProtocolError | NodeError} */
export async function parseBody(request: FastifyRequest): Promise<void> {
  if (request.rawBody === undefined) return
  if (!request.routeOptions.schema?.body) throw new NodeError('invalid', 'this operation takes no body')
  request.body = parseJson(request.rawBody, { maxBytes: bodyLimitBytes })
}
