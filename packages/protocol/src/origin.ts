import { ProtocolError } from './error.ts'
import { checkOf, EntityIdText } from './schema.ts'

/**
 * The id of an institute: an https URL with a lower-case host name, no user, query, fragment, default port or trailing
 * slash, at most 200 bytes; a path is allowed as a fixed prefix. It names, it does not locate: nothing is fetched from it.
 *
 * @throws {ProtocolError} `ISSUER`.
 */
export function parseEntityId(text: string): string {
  checkShape(text)
  const url = URL.parse(text)
  // The URL parser normalises hosts, dot segments and default ports; an id has one spelling only.
  const spelled = url === null ? undefined : `https://${url.host}${url.pathname === '/' ? '' : url.pathname}`
  if (spelled !== text) throw new ProtocolError('ISSUER', 'an entity id is an https URL in its normal form')
  return text
}

/** The name of an institute's log: its entity id without the scheme, then `/log/` and the generation (from 1). */
export function originOf(entityId: string, generation = 1): string {
  return `${entityId.slice('https://'.length)}/log/${generation}`
}

/** Whether `origin` names a log of this institute, of any generation. */
export function isOriginOf(entityId: string, origin: string): boolean {
  const prefix = originOf(entityId, 0).slice(0, -1)
  return origin.startsWith(prefix) && /^[1-9][0-9]{0,8}$/.test(origin.slice(prefix.length))
}

const checkShape = checkOf(EntityIdText, 'entity id', 'ISSUER')
