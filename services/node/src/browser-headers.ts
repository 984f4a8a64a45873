import type { IncomingMessage, ServerResponse } from 'node:http'
import fp from 'fastify-plugin'
import helmet, { type HelmetOptions } from 'helmet'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False on routes whose every caller is a node: the headers would weigh a quarter of a record. */
    browserHeaders?: false
  }
}

/** Puts on every answer what tells browsers to keep their hands off it. */
export const browserHeaders = fp(async (app, options: HelmetOptions) => {
  const headers = headersOf(options)
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.browserHeaders !== false) reply.headers(headers)
  })
})

/** They are the same for every answer, so helmet is asked once. */
function headersOf(options: HelmetOptions): Record<string, string> {
  const headers: Record<string, string> = {}
  const answer = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value
    },
    removeHeader: () => {},
  }
  helmet(options)({} as IncomingMessage, answer as never as ServerResponse, (error) => {
    if (error) throw error
  })
  return headers
}
