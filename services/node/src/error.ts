import type { FieldError } from '@concordance/exchange'
import type { ProblemCode } from '@concordance/protocol'

/** Stable. A lower-case code is answered over HTTP; an upper-case code keeps the node from starting. */
export type NodeErrorCode =
  | ProblemCode
  | 'CONFIG' // one or more settings are wrong; the message lists them all
  | 'ROUTE_UNGUARDED' // a route without a declared access policy, or outside the scope of its policy

export interface NodeErrorDetails extends ErrorOptions {
  readonly errors?: readonly FieldError[]
  /** With `clock`: seconds since the epoch here. */
  readonly serverTime?: number
}

export class NodeError extends Error {
  override readonly name = 'NodeError'
  readonly code: NodeErrorCode
  readonly errors: readonly FieldError[]
  readonly serverTime: number | undefined

  constructor(code: NodeErrorCode, message: string, details: NodeErrorDetails = {}) {
    super(message, details)
    this.code = code
    this.errors = details.errors ?? []
    this.serverTime = details.serverTime
  }
}

/** What a caller without a valid credential learns: always the same. */
export function unauthenticated(): NodeError {
  return new NodeError('unauthenticated', 'no valid credential came with the request')
}
