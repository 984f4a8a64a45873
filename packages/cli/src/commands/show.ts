import { api, type JsonValue, parseJson, type RecordDetail } from '@concordance/protocol'
import { stringify } from 'yaml'
import { withClient } from '../connection.ts'
import type { Context } from '../context.ts'
import { requireRecordId } from '../ids.ts'
import { audienceOf } from '../mark.ts'
import { plainLines, plainText } from '../plain-text.ts'
import { spellCommands } from '../spell-commands.ts'
import { pickText } from '../title.ts'

export async function showRecord(context: Context, id: string): Promise<void> {
  requireRecordId(id)
  const { signal } = context
  const record = await withClient(context, (client) => client.call(api.getRecord, { params: { id }, signal }))
  context.terminal.give(record, () => describe(context, record))
}

function describe({ terminal, env }: Context, record: RecordDetail): string[] {
  const { recordId, iss, type, finding, version, iat, mark, status, position, verified, body, versions } = record
  return [
    terminal.bold(plainText(pickText(record.title, record.lang) ?? type)),
    `  record     ${recordId}`,
    `  institute  ${plainText(iss)}`,
    `  finding    ${finding}, version ${version} of ${versions.length} open to you; ${status}`,
    `  signed     ${new Date(iat * 1000).toISOString()}`,
    `  marking    TLP:${mark.tlp}; goes to ${plainText(audienceOf(mark))}`,
    ...(mark.handling === undefined ? [] : [`  handling   ${plainText(mark.handling)}`]),
    `  log        position ${position}, verified up to size ${verified.size}`,
    ...(body === null ? ['  body       closed to you, or taken away'] : ['', ...linesOf(parseJson(body))]),
    '',
    spellCommands(`check it yourself: \`concordance verify ${recordId}\``, env),
  ]
}

/** The content as YAML, which reads well and hides nothing. */
function linesOf(body: JsonValue): string[] {
  const { iss: _iss, salt: _salt, ...content } = body as Record<string, JsonValue>
  return plainLines(stringify(content, { lineWidth: 100 }))
    .trimEnd()
    .split('\n')
}
