import { type Audience, api, type Marking } from '@concordance/protocol'
import { plainText } from '@concordance/protocol/plain-text'
import { audienceLines, previewDraft, previewLines, previewMarking } from '../audience.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure, usageFailure } from '../failure.ts'
import { requireRecordId, requireUuid } from '../ids.ts'
import { type MarkOptions, newMarkOf } from '../mark.ts'
import { pickText } from '../title.ts'

export type AudienceOptions = Partial<MarkOptions>

/** Of a draft, or of a marking that nothing has yet. */
export async function showAudience(
  context: Context,
  draft: string | undefined,
  { tlp, ...options }: AudienceOptions,
): Promise<void> {
  if ((draft === undefined) === (tlp === undefined)) {
    throw usageFailure(
      'a draft or a marking has to be named, and not both',
      'give the id of a draft, or --tlp LABEL with --group and --embargo-until',
    )
  }
  if (draft !== undefined) requireUuid(draft, 'draft')
  const mark = tlp === undefined ? undefined : newMarkOf({ tlp, ...options })
  const { terminal, signal } = context
  const preview = await withClient(context, async (client) => {
    if (mark !== undefined) return previewMarking(client, { mark }, signal)
    return previewDraft(client, await client.call(api.getDraft, { params: { id: draft ?? '' }, signal }), signal)
  })
  terminal.give({ mark: preview.mark, ...preview.audience }, () => [
    terminal.bold(`TLP:${preview.mark.tlp}`),
    ...previewLines(preview),
  ])
  if (terminal.json) return
  if (preview.audience.peers.length === 0)
    terminal.talk('a peer is added under "peers" in node.json: docs/operations.md')
  else terminal.talk('this is by the rule that also delivers; inside the institute see docs/security.md, section 3')
}

/** Why each peer and the public can, or cannot, see a record of this institute now. */
export async function explainRecord(context: Context, id: string): Promise<void> {
  requireRecordId(id)
  const { terminal, signal } = context
  const [record, audience] = await withClient(context, async (client) => {
    const record = await client.call(api.getRecord, { params: { id }, signal })
    const asked = client.call(api.explainAccess, { params: { id }, signal })
    return [record, await asked.catch((error) => Promise.reject(explain(error, record.iss)))] as const
  })
  terminal.give({ recordId: id, mark: record.mark, ...audience }, () => [
    terminal.bold(plainText(pickText(record.title, record.lang) ?? record.type)),
    `  marking  ${markWords(record.mark)}`,
    ...audienceLines(audience as Audience, record.mark, 'is open'),
  ])
  if (terminal.json) return
  terminal.talk(
    record.status === 'withdrawn'
      ? 'it is withdrawn: whoever is entitled sees that, and nobody the body'
      : `\`concordance mark ${id} --tlp LABEL\` gives it another marking, and first shows what that changes`,
  )
}

function markWords({ tlp, group }: Marking): string {
  return group ? `TLP:${tlp} for the group ${group.finding} of ${plainText(group.iss)}` : `TLP:${tlp}`
}

/** The record is there, so it can only be that of another institute. */
function explain(error: unknown, iss: string): unknown {
  if ((error as { code?: unknown }).code !== 'not-found') return error
  return new Failure(
    {
      what: 'could not say who may see the record',
      why: `it is a record of ${iss}, which alone knows to whom it opens it`,
      remedy: 'ask that institute; this node hands on what is CLEAR, and nothing else',
      code: 'not-found',
      exit: exitCodes.notFound,
    },
    { cause: error },
  )
}
