import { Readable } from 'node:stream'
import { getLateAnswers, type SyncDeps, streamFederation } from '@concordance/exchange'
import { api, formatSearchEvent, type SearchEvent } from '@concordance/protocol'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { personOf } from '../caller.ts'
import type { LiveSearches } from '../live-searches.ts'
import { formatProblem, refusalOf } from '../problems.ts'
import { questionOf } from './search.ts'

/** Longest silence of a stream; proxies close a connection on which nothing moves. */
const beatEveryMs = 1_000

/** A federated search answer by answer, and what came after its budget. */
export const searchStreamRoutes: FastifyPluginAsyncTypebox<{ deps: SyncDeps; live: LiveSearches }> = async (
  app,
  { deps, live },
) => {
  app.route({
    ...api.streamSearch,
    handler: async (request, reply) => {
      const viewer = searcherOf(request)
      const signal = await live.enter(request, reply)
      const events = streamFederation(deps, viewer, questionOf(request.query), signal)
      const first = await events.next() // until here a failure is an answer of its own
      const text = withBeats(formatAll(first.value ?? undefined, events, request))
      reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      return reply.type('text/event-stream').send(Readable.from(text, { objectMode: false }) as never)
    },
  })
  app.route({
    ...api.getLateAnswers,
    handler: (request) => getLateAnswers(deps, searcherOf(request), request.params.query),
  })
}

function searcherOf(request: FastifyRequest) {
  const { subject, staff } = personOf(request)
  return { kind: 'person', subject, staff } as const
}

/** A failure half-way is the last event: the status has been sent long since. */
async function* formatAll(
  first: SearchEvent | undefined,
  events: AsyncGenerator<SearchEvent, void>,
  request: FastifyRequest,
): AsyncGenerator<string> {
  try {
    if (first) yield formatSearchEvent(first)
    for await (const event of events) yield formatSearchEvent(event)
  } catch (error) {
    const refusal = refusalOf(error as Error)
    request.log.warn({ err: error, code: refusal.code }, 'a search ended half-way')
    yield formatSearchEvent({ event: 'problem', data: formatProblem(refusal, `urn:uuid:${request.id}`) })
  }
}

/** Puts a comment into every silence. */
async function* withBeats(text: AsyncGenerator<string>): AsyncGenerator<string> {
  try {
    for (;;) {
      const next = text.next()
      let arrived = await orSilence(next)
      while (!arrived) {
        yield ':\n\n'
        arrived = await orSilence(next)
      }
      if (arrived.done) return
      yield arrived.value
    }
  } finally {
    await text.return(undefined)
  }
}

async function orSilence<Value>(next: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, beatEveryMs, undefined)
  })
  try {
    return await Promise.race([next, silence])
  } finally {
    clearTimeout(timer)
  }
}
