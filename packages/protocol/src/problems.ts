import { type Static, Type } from 'typebox'

/** Stable: whoever calls a node branches on the code. */
export type ProblemCode = keyof typeof problems

/** Everything a node can answer instead of what was asked, with what the caller can do about it. */
export const problems = {
  unauthenticated: at(401, 'No valid credential', 'Send a request token or an access token that is valid now.'),
  replay: at(401, 'Request token already used', 'Sign a new request token for every attempt, also for a retry.'),
  clock: at(401, 'Clocks differ too much', 'Compare your clock with serverTime and set it by NTP.'),
  audience: at(401, 'Request token for another node', 'Set aud to the entity id of the node that is asked.'),
  target: at(401, 'Request token for another request', 'Sign method, path, query and body exactly as they are sent.'),
  forbidden: at(403, 'Not allowed', 'Ask the operator of the node for a token with the scope named here.'),
  'own-work': at(403, 'One’s own work', 'Ask somebody who wrote no part of the draft to approve it.'),
  'not-found': at(404, 'Nothing here for this caller', 'Check the address; what is closed to you answers the same.'),
  'method-not-allowed': at(405, 'Method not allowed', 'Use one of the methods in the Allow header.'),
  'not-acceptable': at(406, 'No such representation', 'Accept one of the media types that the API page names.'),
  conflict: at(409, 'Conflicts with the present state', 'Read the resource again and repeat the change on top of it.'),
  'version-conflict': at(409, 'This version exists already', 'Read the finding and revise its newest version.'),
  'already-published': at(409, 'Already published', 'A published record is never changed; revise the finding.'),
  'review-required': at(
    409,
    'A second person is needed',
    'Submit a draft; somebody who wrote no part of it approves it.',
  ),
  'clearance-open': at(409, 'A clearance is open', 'Enter its outcome, or override it with a reason.'),
  withdrawn: at(409, 'The record is withdrawn', 'Publish a new finding instead.'),
  gone: at(410, 'No longer here', 'Nothing can be done; it was here and has been taken away.'),
  'precondition-failed': at(412, 'Changed since it was read', 'Read it again and repeat the change with the new ETag.'),
  'precondition-required': at(428, 'If-Match is missing', 'Send the ETag of what you read in If-Match.'),
  'too-large': at(413, 'Too large', 'Keep to the limits in the documentation of the protocol.'),
  'unsupported-media': at(415, 'Media type not supported', 'Send application/json.'),
  encoding: at(415, 'Encoded content is not accepted', 'Send the request without Content-Encoding.'),
  invalid: at(422, 'Invalid input', 'Correct the fields listed in errors.'),
  'marking-invalid': at(422, 'Invalid marking', 'Name a TLP label, and the group and relay that belong to it.'),
  'statement-too-large': at(422, 'Statement too large to sign', 'Move relations into the body, or shorten handling.'),
  'idempotency-mismatch': at(422, 'Idempotency-Key used for another request', 'Choose a new key for a new act.'),
  rate: at(429, 'Too many requests', 'Wait as long as Retry-After says.'),
  internal: at(500, 'Internal error', 'Tell the operator the instance id; the cause is in the log of the node.'),
  unavailable: at(503, 'Not available now', 'Try again after a while.'),
  'log-unconfirmed': at(503, 'The log is not confirmed', 'The operator confirms it, or a peer shows its checkpoint.'),
  'store-unavailable': at(503, 'The database does not answer', 'Try again after a while with the same key.'),
  'disk-full': at(507, 'No space left', 'The operator frees space; nothing was written.'),
} as const satisfies Record<string, { status: number; title: string; remedy: string }>

export type Problem = Static<typeof Problem>

/** An answer of type `application/problem+json` (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String({ description: '`urn:concordance:problem:` and the code.' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.Optional(Type.String()),
    code: Type.Enum(Object.keys(problems) as ProblemCode[]),
    remedy: Type.String({ description: 'What the caller can do.' }),
    instance: Type.Optional(Type.String({ description: 'Id of the request, as in the log of the node.' })),
    errors: Type.Optional(
      Type.Array(
        Type.Object({ pointer: Type.String({ description: 'JSON pointer (RFC 6901).' }), detail: Type.String() }),
      ),
    ),
    serverTime: Type.Optional(Type.Integer({ description: 'With `clock`: seconds since the epoch at the node.' })),
  },
  { $id: 'Problem', description: 'Why a request was not answered (RFC 9457).' },
)

function at<Status extends number>(
  status: Status,
  title: string,
  remedy: string,
): { status: Status; title: string; remedy: string } {
  return { status, title, remedy }
}
