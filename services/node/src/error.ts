/** Why the node does not start. */
export type NodeErrorCode =
  | 'CONFIG' // one or more settings are wrong; the message lists them all
  | 'ROUTE_UNGUARDED' // a route without a declared access policy

export class NodeError extends Error {
  override readonly name = 'NodeError'
  readonly code: NodeErrorCode
  constructor(code: NodeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
