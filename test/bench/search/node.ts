import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type AnswerOf, api } from '@concordance/protocol'
import { type Engine, hitsShown } from './engine.ts'
import type { Question } from './questions.ts'

/** A whole node, asked over HTTP by somebody who signs in with a token. */
export function askNode({ url, token }: { url: string; token: string }): Engine {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (query: URLSearchParams) => {
    const request = get(`${url}${api.search.url}?${query}`, { agent, headers: { authorization: `Bearer ${token}` } })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    const body = await text(answer)
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}: ${body}`)
    return JSON.parse(body) as AnswerOf<typeof api.search>
  }
  return {
    name: 'node',
    async ask(question) {
      const { filter } = question
      const q = formatTyped(question)
      const query = new URLSearchParams({ q, limit: String(hitsShown), ...(filter && { [filter.name]: filter.value }) })
      const started = performance.now()
      const { matched, hits, facets } = await ask(query)
      const tookMs = performance.now() - started
      if (hits.length !== Math.min(hitsShown, matched) || !facets.iss) throw new Error(`no whole answer to ${q}`)
      return { matched, tookMs }
    },
    async close() {
      agent.destroy()
    },
  }
}

/** As a person types it. */
export function formatTyped({ words, join }: Question): string {
  if (join === 'phrase') return `"${words.join(' ')}"`
  return words.join(join === 'or' ? ' OR ' : ' ')
}
