import { deepEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { ImportError } from '../../src/error.ts'
import { readJson } from '../../src/json/read-json.ts'
import {
  Count,
  count,
  dictionary,
  type Kept,
  list,
  object,
  presence,
  type Shape,
  scalar,
} from '../../src/json/shape.ts'
import { limits } from '../../src/limits.ts'

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes.length === 0 ? bytes.length : (sizes[index % sizes.length] ?? 1)
    yield bytes.subarray(at, at + size)
    at += size
  }
}

function read(text: string | Uint8Array, shape: Shape, sizes: readonly number[] = []): Promise<Kept | undefined> {
  return readJson(chunksOf(Buffer.from(text), sizes), shape)
}

/** The code of the refusal, or `accepted`. */
async function verdict(
  text: string | Uint8Array,
  shape: Shape = object({}),
  sizes: readonly number[] = [],
): Promise<string> {
  try {
    await read(text, shape, sizes)
    return 'accepted'
  } catch (error) {
    return error instanceof ImportError ? error.code : `crashed: ${error}`
  }
}

/** Keeps everything, by the shape of the value itself. */
function shapeOf(value: unknown): Shape {
  if (Array.isArray(value)) return list(value.length === 0 ? scalar : shapeOf(value[0]))
  if (typeof value !== 'object' || value === null) return scalar
  return object(Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)])))
}

function plain(value: Kept | undefined): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, part]) => [name, plain(part)]))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null && 'token' in value) return JSON.parse(value.token)
  return value
}

const anyText = fc.string({ unit: 'grapheme', maxLength: 30 })
const anyScalar = fc.oneof(
  anyText,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
)
const anyTree = fc.letrec((tie) => ({
  node: fc.oneof({ depthSize: 'small' }, anyScalar, fc.dictionary(anyText, tie('node'), { maxKeys: 5 })),
})).node

t.test('what the shape names is kept, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyTree,
      fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 5 }),
      fc.nat(2),
      async (value, sizes, indent) => {
        const kept = await read(JSON.stringify(value, undefined, indent), shapeOf(value), sizes)
        deepEqual(plain(kept), JSON.parse(JSON.stringify(value)))
      },
    ),
    { seed: 1, numRuns: 300 },
  )
})

t.test('what the shape does not name is passed over, whatever it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 1, max: 9 }), async (other, size) => {
      const text = JSON.stringify({ before: other, wanted: 'here', after: [other] })
      const kept = await read(text, object({ wanted: scalar }), [size])
      deepEqual(plain(kept), { wanted: 'here' })
    }),
    { seed: 2, numRuns: 200 },
  )
})

t.test('malformed JSON is refused wherever it stands, also where nothing is kept', async (t) => {
  const malformed = [
    '{"a":01}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":+1}',
    '{"a":1e}',
    '{"a":nul}',
    '{"a":nan}',
    '{"a":True}',
    '{a:1}',
    "{'a':1}",
    '{"a":1,}',
    '{"a" 1}',
    '{"a":}',
    '{,}',
    '{"a":1 "b":2}',
    '[1]]',
    '{"a":[1,]}',
    '{"a":[,1]}',
    '{"a":[1}',
    '{"a":1}}',
    '{"a":1} {"b":2}',
    '{"a":"\u0001"}',
    '{"a":"\n"}',
    '{"a":--1}',
    '{"a":1-1}',
    '{"a":"x"y}',
    '{"a":/**/1}',
    'x',
    '{"a":[1 2]}',
    '{"a":{}:1}',
  ]
  for (const text of malformed) {
    for (const shape of [object({}), object({ a: scalar })]) {
      t.equal(await verdict(text, shape), 'JSON_MALFORMED', text)
      t.equal(await verdict(text, shape, [1]), 'JSON_MALFORMED', `${text} byte by byte`)
    }
  }
})

t.test('a bad escape is refused in text that is kept', async (t) => {
  for (const text of ['{"a":"\\x"}', '{"a":"\\u12"}'])
    t.equal(await verdict(text, object({ a: scalar })), 'JSON_MALFORMED')
  t.same(plain(await read('{"a":"\\u00e9\\n\\"\\ud83d\\ude00"}', object({ a: scalar }), [1])), { a: 'é\n"😀' })
})

t.test('text that is passed over is not even decoded', async (t) => {
  const shape = object({ a: scalar, b: list(scalar) })
  t.equal(await verdict('{"x":"\\x","a":{"c":"\\x"},"b":[{"d":"\\x"}]}', shape), 'accepted')
})

t.test('a text that stops early is refused at every byte', async (t) => {
  const text = '{"a": {"b": [1, "x\\n", true, null, -0.5e3]}}'
  for (let length = 1; length < text.length; length++) {
    t.equal(await verdict(text.slice(0, length)), 'JSON_TRUNCATED', text.slice(0, length))
  }
  t.equal(await verdict(''), 'JSON_TRUNCATED')
  t.equal(await verdict(text), 'accepted')
})

t.test('two members of one name are refused in objects the shape looks into', async (t) => {
  const shape = object({ a: object({ b: scalar }), c: dictionary(scalar), d: list(object({ e: scalar })) })
  t.equal(await verdict('{"a":{},"a":{}}', shape), 'JSON_DUPLICATE')
  t.equal(await verdict('{"a":{"b":1,"b":2}}', shape), 'JSON_DUPLICATE')
  t.equal(await verdict('{"a":{"b":1,"\\u0062":2}}', shape), 'JSON_DUPLICATE', 'spelled differently')
  t.equal(await verdict('{"x":1,"x":2}', shape), 'JSON_DUPLICATE', 'of members that are passed over')
  t.equal(await verdict('{"c":{"x":1,"x":2}}', shape), 'JSON_DUPLICATE')
  t.equal(await verdict('{"d":[{"e":1,"e":1}]}', shape), 'JSON_DUPLICATE')
  t.equal(await verdict('{"a":{"b":1},"c":{"b":1},"d":[{"e":1},{"e":1}]}', shape), 'accepted')
})

t.test('numbers keep the spelling of the file, and the tokens Python adds are numbers', async (t) => {
  const tokens = [
    '0.30000000000000004',
    '1e400',
    '-0.0',
    '1E+2',
    '123456789012345678901234567890',
    'NaN',
    'Infinity',
    '-Infinity',
  ]
  const kept = await read(`{"a":[${tokens.join(', ')}]}`, object({ a: list(scalar) }), [3])
  t.same(kept, new Map([['a', tokens.map((token) => ({ token }))]]))
})

t.test('a member name means nothing to JavaScript', async (t) => {
  const kept = await read('{"__proto__":{"polluted":1},"constructor":{"name":2}}', dictionary(dictionary(scalar)))
  t.same([...(kept as Map<string, unknown>).keys()], ['__proto__', 'constructor'])
  t.equal(({} as Record<string, unknown>).polluted, undefined)
  t.same(plain(await read('{"toString":{"a":1},"b":2}', object({ b: scalar }))), { b: 2 })
})

t.test('depth, names, numbers, texts and values are bounded', async (t) => {
  const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
  t.equal(await verdict(nested(limits.jsonDepth - 1)), 'accepted')
  t.equal(await verdict(nested(limits.jsonDepth)), 'JSON_TOO_DEEP')
  t.equal(await verdict(`{"a":${'1'.repeat(limits.tokenBytes + 1)}}`), 'JSON_TOO_LARGE')
  t.equal(await verdict(`{"${'n'.repeat(50_000)}":1}`), 'JSON_TOO_LARGE')
  const many = `[${'1,'.repeat(limits.keptValues)}1]`
  t.equal(await verdict(`{"a":${many}}`, object({ a: list(scalar) })), 'JSON_TOO_LARGE')
  t.equal(await verdict(`{"a":${many}}`, object({ a: count })), 'accepted')
  const wide = Array.from({ length: 400 }, (_, index) => `"${index}${'n'.repeat(4000)}":1`).join(',')
  t.equal(await verdict(`{"a":{${wide}}}`, object({ a: object({}) })), 'JSON_TOO_LARGE')
  t.equal(await verdict(`{"a":{${wide}}}`), 'accepted')
  const texts = `[${`"${'x'.repeat(4000)}",`.repeat(1100)}1]`
  t.equal(await verdict(`{"a":${texts}}`, object({ a: list(scalar) })), 'JSON_TOO_LARGE')
  const long = 'x'.repeat(limits.textLength)
  t.same(plain(await read(`{"a":"${long}","b":"${long}x"}`, object({ a: scalar, b: scalar }))), { a: long })
})

t.test('text that is not UTF-8 is refused', async (t) => {
  t.equal(await verdict(Buffer.from('7b2261223a22ff227d', 'hex'), object({ a: scalar })), 'JSON_ENCODING')
  t.equal(await verdict(Buffer.from('{"a":"\ufeff"}'), object({ a: scalar })), 'accepted')
  t.equal(await verdict(Buffer.from('\ufeff{}')), 'JSON_ENCODING')
})

t.test('lists can be counted and members noticed without being kept', async (t) => {
  const kept = (await read(
    '{"a":[1,"x",{"b":[]},null],"b":{"c":1},"c":null}',
    object({ a: count, b: presence, c: presence }),
  )) as Map<string, Kept>
  const items = kept.get('a')
  t.equal(items instanceof Count && items.items, 4)
  t.equal(kept.get('b'), true)
  t.equal(kept.get('c'), undefined)
})

t.test('a value of another kind than its shape is absent', async (t) => {
  const shape = object({ a: scalar, b: object({ c: scalar }), d: list(scalar), e: scalar })
  t.same(plain(await read('{"a":{"x":1},"b":[1],"d":{"0":1},"e":"last"}', shape)), { e: 'last' })
})
