import type { JsonValue } from './canonical-json.ts'
import { isRelationTarget, type Relation, type RelationTarget, type Statement } from './statement.ts'

/** A record or a finding that a record names, and whether its body does. */
export interface NamedTarget {
  readonly target: RelationTarget
  readonly inBody: boolean
}

/**
 * What a record rests on or speaks about: the relations of its statement, and the sources in its body that are records. What
 * a withdrawal or a marking does to its target is no citation.
 *
 * @param body Undefined where it is closed. Members that have not the form of a source are passed over.
 */
export function namedTargetsOf({ rel }: Pick<Statement, 'rel'>, body: JsonValue | undefined): NamedTarget[] {
  const related = rel.filter(({ kind }) => !acts.has(kind)).map(({ target }) => target)
  return [
    ...related.map((target) => ({ target, inBody: false })),
    ...sourcesOf(body).map((target) => ({ target, inBody: true })),
  ]
}

const acts: ReadonlySet<Relation['kind']> = new Set(['withdraws', 'remarks'])

function sourcesOf(body: JsonValue | undefined): RelationTarget[] {
  const { cites } = (body ?? {}) as { cites?: unknown }
  if (!Array.isArray(cites)) return []
  return cites.map((citation: { target?: unknown } | null) => citation?.target).filter(isRelationTarget)
}
