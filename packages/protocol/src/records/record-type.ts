import type { TSchema } from 'typebox'
import type { Statement } from '../statement.ts'

/** One type of record: its file says what a body holds and how it is shown; `records/index.ts` lists it. */
export interface RecordType<Body = unknown> {
  /** The word in the statement's `type`: lower case, digits, hyphens. */
  readonly type: string
  /** A control record that cannot be interpreted fails closed; a content record is quarantined. */
  readonly kind: 'control' | 'content'
  /** `application/vnd.concordance.<type>+json`. */
  readonly mediaType: string
  /**
   * Schema of the body. `iss` and `salt` are checked for every type and need not be repeated. Unknown members
   * must be allowed: they are signed, kept and not interpreted. `undefined` for a type that has no body.
   */
  readonly body: TSchema | undefined
  /** What lists and search show. The body has passed `body` and `check`. */
  describe(body: Body): RecordDescription
  /** Rules a schema cannot say. Throws ProtocolError `SCHEMA`. The body has passed `body`. */
  check?(body: Body, statement: Statement): void
}

/** A text of a record. */
export interface DescribedText {
  /** BCP 47. Absent: in the language of the record, or in none. */
  lang?: string
  text: string
}

export interface RecordDescription {
  /** Title by language tag (BCP 47). */
  title: Record<string, string>
  /** Texts to be found by, next to the title; names and codes without a language. */
  text: DescribedText[]
  /** Exact values to filter and count by. */
  facets: Record<string, string | string[]>
}

/** Every language of a text that is given by language tag. */
export function inEachLanguage(texts: Readonly<Record<string, string>>): DescribedText[] {
  return Object.entries(texts).map(([lang, text]) => ({ lang, text }))
}

/** The media type every body of a record type is announced with. */
export function mediaTypeOf(type: string): string {
  return `application/vnd.concordance.${type}+json`
}
