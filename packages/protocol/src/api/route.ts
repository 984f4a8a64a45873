import type { Static, TObject, TSchema } from 'typebox'
import type { ProblemCode } from '../problems.ts'

/**
 * Who may call a route. `viewer` is whoever asks: the public, a peer or a person, told apart by the
 * Authorization header; what they then see is decided entry by entry.
 */
export type Access = 'public' | 'peer' | 'person' | 'viewer'

/** What a person's token allows; each is granted on its own, none implies another. */
export type Scope = 'read' | 'draft' | 'review' | 'publish' | 'operate'

/** One operation of the API: the validator, the types, the OpenAPI entry, the route and the client's call come from it. */
export interface RouteContract {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path with `:name` for parameters. */
  readonly url: string
  readonly access: Access
  /** Needed by a person's token; on a `viewer` route only where the caller is a person. */
  readonly scope?: Scope
  /** Any one of these serves as well as `scope`. */
  readonly alsoScopes?: readonly Scope[]
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  /** Media types of a successful answer; absent means `application/json` alone. */
  readonly produces?: readonly string[]
  /** Problem codes of this route beyond those that any route of its access may answer. */
  readonly problems?: readonly ProblemCode[]
  readonly schema: {
    readonly params?: TObject
    readonly querystring?: TObject
    readonly headers?: TObject
    readonly body?: TSchema
    /** Successful answers by status. A text answer is a `Type.String`; 204 is `Type.Null`. */
    readonly response: { readonly [status: number]: TSchema }
  }
}

type Part<R extends RouteContract, P extends keyof R['schema']> = R['schema'][P] extends TSchema
  ? Static<R['schema'][P]>
  : undefined

export type ParamsOf<R extends RouteContract> = Part<R, 'params'>
export type QueryOf<R extends RouteContract> = Part<R, 'querystring'>
export type HeadersOf<R extends RouteContract> = Part<R, 'headers'>
export type BodyOf<R extends RouteContract> = Part<R, 'body'>
/** What a successful call gives: the parsed JSON, or the text. */
export type AnswerOf<R extends RouteContract> = Static<R['schema']['response'][keyof R['schema']['response']] & TSchema>
