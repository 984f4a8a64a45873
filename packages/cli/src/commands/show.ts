import { api, type JsonValue, parseJson, type RecordDetail, type RecordPage } from '@concordance/protocol'
import { plainLines, plainText } from '@concordance/protocol/plain-text'
import { stringify } from 'yaml'
import { citationLines, readCitations } from '../citations.ts'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { requireRecordId } from '../ids.ts'
import { audienceOf } from '../mark.ts'
import { spellCommands } from '../spell-commands.ts'
import { pickText } from '../title.ts'

export async function showRecord(context: Context, id: string): Promise<void> {
  requireRecordId(id)
  const { signal } = context
  const [record, citations] = await withClient(context, async (client) => [
    await client.call(api.getRecord, { params: { id }, signal }),
    await readCitations(client, id, signal),
  ])
  context.terminal.give({ ...record, citations: citations.items }, () => describe(context, record, citations))
}

function describe(context: Context, record: RecordDetail, citations: RecordPage): string[] {
  const { recordId, iss, type, finding, version, iat, mark, status, position, verified, body, versions } = record
  return [
    context.terminal.bold(plainText(pickText(record.title, record.lang) ?? type)),
    `  record     ${recordId}`,
    `  institute  ${plainText(iss)}`,
    `  finding    ${finding}, version ${version} of ${versions.length} open to you; ${status}`,
    `  signed     ${new Date(iat * 1000).toISOString()}`,
    `  marking    TLP:${mark.tlp}; goes to ${plainText(audienceOf(mark))}`,
    ...(mark.handling === undefined ? [] : [`  handling   ${plainText(mark.handling)}`]),
    `  log        position ${position}, verified up to size ${verified.size}`,
    ...(record.citesWithdrawn ? ['  warning    it names a record that is withdrawn'] : []),
    ...(record.subjectOpening === undefined ? [] : [`  subject    ${openings[record.subjectOpening]}`]),
    ...(body === null ? ['  body       closed to you, or taken away'] : ['', ...linesOf(parseJson(body))]),
    '',
    ...citationLines(citations),
    '',
    spellCommands(`check it yourself: \`concordance verify ${recordId}\``, context),
  ]
}

const openings = {
  proven: 'is the one that earlier versions sealed',
  contradicted: 'is NOT the one that an earlier version sealed',
  unknown: 'was sealed before, in no version that is open to you',
} as const

/** The content as YAML, which reads well and hides nothing. */
function linesOf(body: JsonValue): string[] {
  const { iss: _iss, salt: _salt, ...content } = body as Record<string, JsonValue>
  return plainLines(stringify(content, { lineWidth: 100 }))
    .trimEnd()
    .split('\n')
}
