import type { Marking, Receipt, Relation } from '@concordance/protocol'
import { composeRecord } from '../../src/compose-record.ts'
import type { Deps } from '../../src/deps.ts'
import { uuidv7 } from '../../src/keys/uuid.ts'
import { observation } from './content.ts'
import { call } from './institute.ts'

export interface Appended {
  readonly type?: string
  readonly lang?: string
  readonly mark?: Marking
  readonly content?: object
  readonly rel?: readonly Relation[]
  readonly finding?: string
  readonly version?: number
  readonly prev?: string
  readonly readers?: readonly string[]
}

/** Signs and appends a record of any type, whatever people may publish, and seals the log. */
export async function append(deps: Deps, appended: Appended = {}): Promise<Receipt> {
  const { type = 'observation', lang = 'en', mark = { tlp: 'GREEN', relay: 'none' }, readers, ...more } = appended
  const { finding = uuidv7(deps), version = 1, prev, rel = [], content = observation() } = more
  const composition = { type, lang, mark, content, rel: [...rel], finding, version, prev }
  const record = await composeRecord(deps, composition as Parameters<typeof composeRecord>[1])
  const receipt = await deps.writer.append({ ...record, actor: call().actor, readers })
  await deps.writer.seal()
  return receipt
}

export interface Circle {
  readonly iss: string
  readonly finding: string
}

interface GroupOptions {
  readonly finding?: string
  readonly version?: number
  readonly prev?: string
  readonly validForSeconds?: number
}

/** Publishes a snapshot of a group of our own; each call is the next version. */
export async function appendGroup(
  deps: Deps,
  members: readonly { iss: string; historyFrom?: number }[],
  { finding = uuidv7(deps), version = 1, prev, validForSeconds = 600 }: GroupOptions = {},
): Promise<Receipt & { circle: Circle }> {
  const circle = { iss: deps.identity.iss, finding }
  const validUntil = Math.floor(deps.now().getTime() / 1_000) + validForSeconds
  const listed = members.map((member) => ({ role: 'member', ...member }))
  const receipt = await append(deps, {
    type: 'group',
    mark: { tlp: 'AMBER', relay: 'none', group: circle },
    content: { name: { en: 'Circle' }, members: listed, validUntil },
    finding,
    version,
    ...(prev !== undefined && { prev }),
  })
  return { ...receipt, circle }
}

/** Gives one of our records another marking. */
export function remark(deps: Deps, record: string, mark: Marking, own: Marking): Promise<Receipt> {
  const target = { iss: deps.identity.iss, record }
  return append(deps, { type: 'marking', mark: own, content: { mark }, rel: [{ kind: 'remarks', target }] })
}
