import type { FastifySchemaCompiler } from 'fastify'
import { type TObject, type TSchema, Type } from 'typebox'
import { Compile, type Validator } from 'typebox/schema'

/** For operations that take no query: any parameter is a mistake. */
export const noQuery = Type.Object({}, { additionalProperties: false })

/**
 * Checks what comes in against the contract, compiled at its first use. Path, query and headers are text: integers and
 * booleans in them have one spelling, and a parameter that stands twice is refused.
 */
export const checkContract: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  let compiled: Validator | undefined
  return (value: unknown) => {
    compiled ??= Compile(schema)
    const read = httpPart === 'body' ? value : readText(schema as TObject, value as Text)
    if (compiled.Check(read)) return { value: read }
    const [, errors] = compiled.Errors(read)
    return { error: errors as never }
  }
}

type Text = { readonly [name: string]: string | string[] | undefined }

/** Leaves whatever is misspelt as the text it is, for the schema to refuse. */
function readText({ properties }: TObject, text: Text): Record<string, unknown> {
  const read: Record<string, unknown> = { ...text }
  for (const [name, schema] of Object.entries(properties)) {
    const value = text[name]
    if (typeof value === 'string') read[name] = readValue(schema as { type?: string }, value)
  }
  return read
}

function readValue({ type }: { type?: string }, value: string): unknown {
  if (type === 'integer' && /^(0|[1-9]\d{0,15})$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}
