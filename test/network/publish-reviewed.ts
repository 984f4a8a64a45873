import { api, type DraftView, type Receipt, type RecordInput } from '@concordance/protocol'
import type { Institute } from './start-network.ts'

type People = Pick<Institute, 'client' | 'reviewer'>

/**
 * Publishes a record as people do: one writes it, another approves it; RED needs nobody else.
 *
 * @param key The same one publishes nothing twice.
 */
export async function publishReviewed(people: People, body: RecordInput, key: string): Promise<Receipt> {
  const headers = { 'idempotency-key': key }
  if (body.mark.tlp === 'RED') return people.client.call(api.publishRecord, { headers, body })
  return publishDraft(people, await people.client.call(api.createDraft, { headers, body }), key)
}

/** Lets a second person approve a draft, and publishes it. */
export async function publishDraft({ client, reviewer }: People, draft: DraftView, key: string): Promise<Receipt> {
  const params = { id: draft.id }
  const headersOf = (act: string) => ({ 'idempotency-key': `${key}-${act}`, 'if-match': `"${draft.etag}"` })
  await client.call(api.submitDraft, { params, headers: headersOf('submit'), body: {} })
  const hazard = { answer: 'none', text: 'Nothing in it helps anybody to do harm.' } as const
  await reviewer.call(api.approveDraft, { params, headers: headersOf('approve'), body: { hazard } })
  return client.call(api.publishDraft, { params, headers: headersOf('publish') })
}
