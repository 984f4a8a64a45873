import { usageFailure } from './failure.ts'

/**
 * One of the values that an option may have, however its letters are cased; nothing where it was not given.
 *
 * @throws {Failure} as a wrong command line.
 */
export function oneOf<Name extends string, Value extends string>(
  name: Name,
  values: readonly Value[],
  given: string | undefined,
): { [N in Name]?: Value } {
  if (given === undefined) return {}
  const value = values.find((each) => each.toLowerCase() === given.toLowerCase())
  if (value === undefined) throw usageFailure(`${given} is no ${name}`, `use one of ${values.join(', ')}`)
  return { [name]: value } as { [N in Name]?: Value }
}

export const statuses = ['current', 'superseded', 'withdrawn'] as const
export const labels = ['CLEAR', 'GREEN', 'AMBER', 'AMBER+STRICT', 'RED'] as const
