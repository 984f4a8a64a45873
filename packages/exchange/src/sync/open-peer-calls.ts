import { ClientError, fetchEntries, openPeerClient } from '@concordance/client'
import { api } from '@concordance/protocol'
import type { Deps } from '../deps.ts'
import type { Peer, PeerCalls } from './peer-calls.ts'

/** The calls to one configured peer, over the one guarded way out of the node. */
export function openPeerCalls(deps: Deps, peer: Peer): PeerCalls {
  const { identity, signers, now, random } = deps
  const client = openPeerClient({
    ...peer,
    identity: { iss: identity.iss, signer: signers.request, now, random },
    retries: 0, // whoever calls decides when to try again
  })
  const given = (signal?: AbortSignal) => (signal ? { signal } : {})
  return {
    fetchEntries: (page) => fetchEntries(client, page),
    async fetchAccess(from, signal) {
      const { page } = await client.call(api.listAccess, { query: { from }, ...given(signal) })
      return page
    },
    fetchNodeDocument: (signal) => client.call(api.getNodeDocument, given(signal)),
    fetchObservations: ({ origin, from }, signal) =>
      foundOrNot(client.call(api.listObservations, { query: { origin, from }, ...given(signal) })),
    async fetchHeldCheckpoint(origin, signal) {
      const held = await foundOrNot(client.call(api.getMirroredCheckpoint, { params: { origin }, ...given(signal) }))
      return held?.checkpoint
    },
    async notify(size) {
      await client.call(api.notify, { body: { size }, timeoutMs: notifyTimeoutMs })
    },
    search: (question, options) => client.call(api.answerSearch, { body: question, ...options }),
    close: () => client.close(),
  }
}

const notifyTimeoutMs = 5_000

async function foundOrNot<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ClientError && error.code === 'not-found') return undefined
    throw error
  }
}
