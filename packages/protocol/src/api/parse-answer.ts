import type { TSchema } from 'typebox'
import { ProtocolError } from '../error.ts'
import { checkOf } from '../schema.ts'
import type { AnswerOf, RouteContract } from './route.ts'

/**
 * Checks an answer against the contract of its route: whoever asks another node cannot know what it runs.
 *
 * @param value The parsed JSON, the text, or null for status 204.
 * @throws {ProtocolError} `SCHEMA`, also for a status that the route does not answer with.
 */
export function parseAnswer<R extends RouteContract>(route: R, status: number, value: unknown): AnswerOf<R> {
  const schema = route.schema.response[status]
  if (!schema) throw new ProtocolError('SCHEMA', `${route.operationId} does not answer with status ${status}`)
  let check = checks.get(schema)
  if (!check) {
    check = checkOf(schema, `the answer to ${route.operationId}`)
    checks.set(schema, check)
  }
  return check(value) as AnswerOf<R>
}

/** Compiled once a schema. */
const checks = new WeakMap<TSchema, (value: unknown) => unknown>()
