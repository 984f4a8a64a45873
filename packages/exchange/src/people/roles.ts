import type { Role, Scope } from '@concordance/protocol'

const scopeOf: Record<Role, Scope> = {
  reader: 'read',
  author: 'draft',
  reviewer: 'review',
  publisher: 'publish',
  operator: 'operate',
}

const everyRole = Object.keys(scopeOf) as Role[]

/** What a person with these roles may do. */
export function scopesOf(roles: readonly Role[]): Scope[] {
  return everyRole.filter((role) => roles.includes(role)).map((role) => scopeOf[role])
}

/** The roles whose work a credential with these scopes can do. */
export function rolesOf(scopes: readonly Scope[]): Role[] {
  return everyRole.filter((role) => scopes.includes(scopeOf[role]))
}
