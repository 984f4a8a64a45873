import type { Person } from '@concordance/exchange'
import type { Role } from '@concordance/protocol'
import { unauthenticated } from '../error.ts'
import type { PeopleConfig } from './settings.ts'

/** As the provider names it: at most 255 ASCII characters (OpenID Connect Core §2). */
const subForm = /^[\x20-\x7e]{1,255}$/
const nameCharactersAtMost = 200
const valuesAtMost = 1_000

/**
 * Who the verified claims are about, and what they give here. One claim counts, as text or a list of texts; a value is
 * compared whole, and what the configuration does not name gives nothing.
 *
 * @throws {NodeError} `unauthenticated` where the claims name nobody.
 */
export function readPerson(
  claims: Readonly<Record<string, unknown>>,
  settings: Pick<PeopleConfig, 'issuer' | 'rolesClaim' | 'roles' | 'staff'>,
): Pick<Person, 'issuer' | 'sub' | 'name' | 'staff' | 'roles'> {
  const { sub, name } = claims
  if (typeof sub !== 'string' || !subForm.test(sub)) throw unauthenticated()
  const values = valuesOf(claims, settings.rolesClaim)
  const roles = new Set<Role>(values.flatMap((value) => settings.roles.get(value) ?? []))
  return {
    issuer: settings.issuer,
    sub,
    name: typeof name === 'string' ? displayed(name) : undefined,
    staff: values.some((value) => settings.staff.has(value)),
    roles: [...roles],
  }
}

function valuesOf(claims: Readonly<Record<string, unknown>>, claim: string): string[] {
  const found = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  const values = Array.isArray(found) ? found.slice(0, valuesAtMost) : [found]
  return values.filter((value) => typeof value === 'string')
}

/** Without what could disguise a name, or cannot be stored. */
function displayed(name: string): string | undefined {
  return (
    name
      .replaceAll(/[\p{C}]/gu, '')
      .slice(0, nameCharactersAtMost)
      .trim() || undefined
  )
}
