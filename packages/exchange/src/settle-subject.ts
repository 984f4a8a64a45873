import {
  commitSubject,
  encodeBase64url,
  type JsonObject,
  type JsonValue,
  judgeOpening,
  type RecordInput,
  type SealedSubject,
  type SubjectName,
} from '@concordance/protocol'
import type { Deps } from './deps.ts'
import { ExchangeError } from './error.ts'

/** What the record of a sealed subject does not say, and what opens it. */
export interface SubjectSecret {
  readonly commitment: string
  readonly subject: SubjectName
  /** 32 random bytes, base64url. */
  readonly salt: string
}

interface Work extends Pick<RecordInput, 'type' | 'content'> {
  readonly finding: string
  readonly version: number
}

interface Settled {
  readonly content: RecordInput['content']
  /** Of a subject that is sealed here for the first time; to be stored with the record. */
  readonly subjectSecret?: SubjectSecret
}

/**
 * Seals the subject of an evaluation that names it and asks for a pseudonym, and completes and holds to its word a subject
 * that an earlier version sealed. Whatever has not the form of either is left to the schema.
 *
 * @throws {ExchangeError} `invalid`; messages never hold the name.
 */
export async function settleSubject(deps: Deps, work: Work): Promise<Settled> {
  const { content } = work
  const { subject } = content
  if (work.type !== 'evaluation' || !isObject(subject)) return { content }
  const earlier = work.version > 1 ? await listSealed(deps, work) : []
  const { sealed, ...named } = subject
  if (sealed === undefined) return { content: { ...content, subject: await opened(deps, subject, earlier) } }
  return isObject(sealed) ? seal(deps, content, { sealed, named }, earlier) : { content }
}

/** The next version with the same pseudonym is about the same subject, under the same commitment. */
async function seal(
  deps: Deps,
  content: Settled['content'],
  { sealed, named }: { sealed: JsonObject; named: JsonObject },
  earlier: readonly SealedSubject[],
): Promise<Settled> {
  const { pseudonym, commitment } = sealed
  const known = earlier.find((each) => each.pseudonym === pseudonym)
  if (typeof pseudonym !== 'string' || commitment !== undefined) {
    if (known && commitment !== known.commitment) throw otherSubject()
    return { content }
  }
  const { developer, name, version, ...rest } = named
  const subject = nameOf({ developer, name, version })
  if (!subject) return { content }
  const secret = known ? await findSecret(deps, known) : newSecret(deps, subject)
  if (!secret || commitSubject(subject, secret.salt) !== secret.commitment) throw otherSubject()
  const hidden = { ...content, subject: { ...rest, sealed: { pseudonym, commitment: secret.commitment } } }
  refuseName(hidden, subject.name)
  return { content: hidden, ...(!known && { subjectSecret: secret }) }
}

function newSecret(deps: Deps, subject: SubjectName): SubjectSecret {
  const salt = encodeBase64url(deps.random(32))
  return { commitment: commitSubject(subject, salt), subject, salt }
}

/** @returns the subject with what opens the commitment of earlier versions; as it is, where none sealed it. */
async function opened(deps: Deps, subject: JsonObject, earlier: readonly SealedSubject[]): Promise<JsonObject> {
  const given = isObject(subject.unsealed) ? subject.unsealed : {}
  const [newest] = earlier
  const name = nameOf(subject)
  if (!name || (!newest && subject.unsealed === undefined)) return subject
  const pseudonym = given.pseudonym ?? newest?.pseudonym
  const sealed = earlier.find((each) => each.pseudonym === pseudonym)
  const salt = given.salt ?? (sealed && (await findSecret(deps, sealed))?.salt)
  if (typeof pseudonym !== 'string' || typeof salt !== 'string') throw opensNothing()
  const unsealed = { pseudonym, salt }
  if (judgeOpening({ ...name, unsealed }, earlier) !== 'proven') throw opensNothing()
  return { ...subject, unsealed }
}

/** What versions before this one sealed, newest first. */
async function listSealed({ pool }: Deps, { finding, version }: Work): Promise<SealedSubject[]> {
  const { rows } = await pool.query<{ sealed: SealedSubject }>(
    `select convert_from(entry.body, 'UTF8')::jsonb #> '{subject,sealed}' as sealed
     from own_record join log on log.is_own
     join entry on entry.log = log.id and entry.position = own_record.position
     where own_record.finding = $1 and own_record.version < $2 and own_record.type = 'evaluation'
       and convert_from(entry.body, 'UTF8')::jsonb #> '{subject,sealed}' is not null
     order by own_record.version desc`,
    [finding, version],
  )
  return rows.map(({ sealed }) => sealed)
}

async function findSecret({ db }: Deps, { commitment }: SealedSubject): Promise<SubjectSecret | undefined> {
  const row = await db.selectFrom('subject_secret').selectAll().where('commitment', '=', commitment).executeTakeFirst()
  return row && { ...row, subject: row.subject as SubjectName }
}

function nameOf({ developer, name, version }: Partial<JsonObject>): SubjectName | undefined {
  if (typeof name !== 'string' || typeof version !== 'string') return undefined
  if (developer === undefined) return { name, version }
  return typeof developer === 'string' ? { developer, name, version } : undefined
}

/** A title that tells what the subject hides is written more easily than it is seen. */
function refuseName(content: JsonObject, name: string): void {
  const pointer = findText(content, name.toLowerCase().trim())
  if (pointer === undefined) return
  throw invalid(pointer, 'names the subject that is to be sealed')
}

function findText(value: JsonValue, text: string, pointer = ''): string | undefined {
  if (typeof value === 'string') return holdsWords(value.toLowerCase(), text) ? pointer : undefined
  if (value === null || typeof value !== 'object') return undefined
  for (const [member, inner] of Object.entries(value)) {
    const found = findText(inner as JsonValue, text, `${pointer}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** As whole words: a name of one letter stands in every text. */
function holdsWords(value: string, text: string): boolean {
  const isLetter = (character = ' ') => /[\p{L}\p{N}]/u.test(character)
  for (let at = value.indexOf(text); at >= 0; at = value.indexOf(text, at + 1)) {
    if (!isLetter(value[at - 1]) && !isLetter(value[at + text.length])) return true
  }
  return false
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function otherSubject(): ExchangeError {
  return invalid('/subject/sealed/pseudonym', 'stands for another subject in an earlier version')
}

function opensNothing(): ExchangeError {
  return invalid('/subject/unsealed', 'does not open what earlier versions sealed')
}

function invalid(pointer: string, detail: string): ExchangeError {
  return new ExchangeError('invalid', `evaluation ${pointer} ${detail}`, {
    errors: [{ pointer: `/content${pointer}`, detail }],
  })
}
