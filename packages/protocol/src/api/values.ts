import { Type } from 'typebox'

/** The single values that several routes share. Named ones (`$id`) become components of the OpenAPI document. */

export const Digest = Type.String({
  $id: 'Digest',
  description: 'SHA-256 as base64url without padding (RFC 4648 §5).',
  pattern: '^[A-Za-z0-9_-]{43}$',
  examples: ['47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'],
})

export const RecordId = Type.String({
  $id: 'RecordId',
  description: 'Record id: SHA-256 of the statement’s compact JWS, base64url without padding.',
  pattern: '^[A-Za-z0-9_-]{43}$',
  examples: ['n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'],
})

export const EntityId = Type.String({
  $id: 'EntityId',
  description: 'Entity id of an institute: an https URL.',
  pattern: '^https://',
  maxLength: 200,
  examples: ['https://node.institute.example'],
})

export const Origin = Type.String({
  $id: 'Origin',
  description: 'Origin of a log: the entity id without its scheme, then `/log/` and the generation.',
  minLength: 1,
  maxLength: 220,
  examples: ['node.institute.example/log/1'],
})

export const FindingId = Type.String({
  $id: 'FindingId',
  description: 'Id of a finding within its institute: a UUID, version 7 (RFC 9562).',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
  examples: ['01890a5d-ac96-774b-bcce-b302099a8057'],
})

export const DraftId = Type.String({
  $id: 'DraftId',
  description: 'Id of a draft: a UUID.',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  examples: ['01890a5d-ac96-774b-bcce-b302099a8057'],
})

export const Position = Type.Integer({
  $id: 'Position',
  description: 'Position of an entry in its log, from 0.',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  examples: [41],
})

export const Size = Type.Integer({
  $id: 'Size',
  description: 'Number of entries in a log.',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  examples: [42],
})

export const Jws = Type.String({
  $id: 'Jws',
  description: 'A JWS in compact serialization (RFC 7515 §7.1).',
  pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
})

export const Seconds = Type.Integer({
  $id: 'Seconds',
  description: 'Seconds since 1970-01-01T00:00:00Z.',
  minimum: 0,
  examples: [1745000000],
})

export const Instant = Type.String({
  $id: 'Instant',
  description: 'Point in time, UTC (RFC 3339).',
  format: 'date-time',
  examples: ['2025-04-18T18:13:20.000Z'],
})

export const Language = Type.String({
  $id: 'Language',
  description: 'Language tag (BCP 47).',
  minLength: 2,
  maxLength: 35,
  examples: ['en'],
})

export const RecordTypeName = Type.String({
  $id: 'RecordTypeName',
  description: 'Name of a record type.',
  pattern: '^[a-z][a-z-]{1,39}$',
  examples: ['evaluation'],
})

export const LocalizedText = Type.Record(Type.String(), Type.String(), {
  $id: 'LocalizedText',
  description: 'Text by language tag.',
  examples: [{ en: 'Refusal rate on harmful requests' }],
})

export const JsonObject = Type.Record(Type.String(), Type.Unknown(), {
  $id: 'JsonObject',
  description: 'A JSON object; the schema of the record type says which.',
})

export const Limit = Type.Integer({
  description: 'At most this many items.',
  minimum: 1,
  maximum: 200,
  examples: [50],
})

export const Cursor = Type.String({
  description: 'Where the previous page ended: its `next`, unchanged. Opaque.',
  minLength: 1,
  maxLength: 400,
})

export const IdempotencyKey = Type.String({
  $id: 'IdempotencyKey',
  description:
    'Chosen by the caller, one for each intended act. The same key with the same request returns the first answer for 24 hours; with another request it is refused.',
  pattern: '^[\\x21-\\x7e]{8,128}$',
  examples: ['4f1c9a52-0b0e-4f5e-9a38-2f6a2f0c1d77'],
})

export const Etag = Type.String({
  $id: 'Etag',
  description: 'Strong entity tag (RFC 9110 §8.8.3).',
  pattern: '^"[0-9]{1,10}"$',
  examples: ['"3"'],
})

export const RoleName = Type.Enum(['reader', 'author', 'reviewer', 'publisher', 'operator'], {
  $id: 'Role',
  description:
    'What a person may do at this node. Each is given on its own; none implies another, none opens a marking.',
})

export const ScopeName = Type.Enum(['read', 'draft', 'review', 'publish', 'operate'], {
  $id: 'Scope',
  description: 'What a credential allows; each is granted on its own, none implies another.',
})

export const PersonId = Type.String({
  $id: 'PersonId',
  description: 'Id of a person at this node: a UUID.',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  examples: ['01890a5d-ac96-774b-bcce-b302099a8057'],
})
