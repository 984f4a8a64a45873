import { type DraftView, findRecordType, type JsonObject, type Marking } from '@concordance/protocol'

/** Title of a body in the language asked for, else in any; undefined for a type that is not known here. */
export function titleOf(type: string, body: JsonObject, lang: string): string | undefined {
  const recordType = findRecordType(type)
  if (!recordType) return undefined
  return pickText(recordType.describe(body).title, lang)
}

/** One of the texts by language: the language asked for, English, or the first. */
export function pickText(texts: Readonly<Record<string, string>>, lang = 'en'): string | undefined {
  return texts[lang] ?? texts.en ?? Object.values(texts)[0]
}

/** Title of a draft, which may lack everything a record of its type has. Of a marking, what it marks, and how. */
export function titleOfDraft({ type, content, lang, rel }: DraftView): string | undefined {
  if (type === 'marking') return titleOfMarking(content, rel)
  const texts = type === 'group' ? content.name : (content.title ?? content.seen)
  if (typeof texts !== 'object' || texts === null) return undefined
  const title = pickText(texts as Record<string, string>, lang)
  return typeof title === 'string' ? title : undefined
}

function titleOfMarking({ mark }: DraftView['content'], rel: DraftView['rel']): string | undefined {
  const target = rel.find(({ kind }) => kind === 'remarks')?.target
  if (!target || !('record' in target)) return undefined
  return `TLP:${(mark as Partial<Marking> | undefined)?.tlp ?? '?'} for the record ${target.record}`
}
