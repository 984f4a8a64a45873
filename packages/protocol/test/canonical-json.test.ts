import fc from 'fast-check'
import t from 'tap'
import { canonicalize, type JsonValue, limits, parseCanonical, parseJson } from '../src/index.ts'
import { verdictOf } from './support/refusal.ts'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

t.test('canonical form', async (t) => {
  t.test('orders members by UTF-16 units at every level, integer-like names too', async (t) => {
    t.equal(canonicalize({ b: 1, a: { '9': 1, '10': 2 } }), '{"a":{"10":2,"9":1},"b":1}')
    t.equal(canonicalize({ '\u{1f600}': 1, '\ufb33': 2 }), '{"\u{1f600}":1,"\ufb33":2}')
  })

  t.test('refuses what JSON cannot carry, instead of dropping or changing it', async (t) => {
    const values = [undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 0, Symbol('s'), new Date(0), new Map()]
    for (const value of values) {
      t.equal(
        verdictOf(() => canonicalize({ a: value } as never)),
        'JSON_MALFORMED',
        typeof value,
      )
    }
    t.equal(
      verdictOf(() => canonicalize(new Array(2))),
      'JSON_MALFORMED',
    )
    t.equal(canonicalize({ a: null }), '{"a":null}')
  })

  t.test('refuses -0 and integers of more than 53 bits, which readers disagree about', async (t) => {
    for (const value of [-0, 2 ** 53, -(2 ** 53), 1e20]) {
      t.equal(
        verdictOf(() => canonicalize(value)),
        'JSON_MALFORMED',
        String(value),
      )
    }
    for (const value of [0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1e21, -1e21, 1.5, 5e-324]) {
      t.equal(
        verdictOf(() => canonicalize(value)),
        'accepted',
        String(value),
      )
    }
  })

  t.test('refuses lone surrogates and U+0000 in values and in names', async (t) => {
    for (const text of ['\ud800', 'a\udc00b', '\u0000']) {
      t.equal(
        verdictOf(() => canonicalize(text)),
        'JSON_MALFORMED',
      )
      t.equal(
        verdictOf(() => canonicalize({ [text]: 1 })),
        'JSON_MALFORMED',
      )
    }
    t.equal(canonicalize('\u{1d11e}\u0001'), '"\u{1d11e}\\u0001"')
  })

  t.test('nests to 32 levels and no deeper', async (t) => {
    const value = (depth: number): JsonValue => JSON.parse(nested(depth))
    t.equal(canonicalize(value(limits.jsonDepth)), nested(32))
    t.equal(
      verdictOf(() => canonicalize(value(33))),
      'JSON_TOO_DEEP',
    )
  })
})

t.test('parsing canonical text', async (t) => {
  const verdict = (text: string | Uint8Array, maxBytes?: number) =>
    verdictOf(() => parseCanonical(text, maxBytes === undefined ? {} : { maxBytes }))

  t.test('accepts one spelling only', async (t) => {
    t.equal(verdict('{"a":1,"b":[true,null,"x"]}'), 'accepted')
    for (const text of [
      '{"a":1,"a":1}',
      '{"b":1,"a":2}',
      '{ "a":1}',
      '{"a":1}\n',
      '[1.0]',
      '[1e2]',
      '["\\u0061"]',
      '["\\/"]',
      '{"9":1,"10":2}',
      '[-0]',
    ]) {
      t.equal(verdict(text), 'JSON_NOT_CANONICAL', text)
    }
    t.equal(verdict('{"10":2,"9":1}'), 'accepted', 'integer-like names, which the engine reorders')
  })

  t.test('refuses integers of more than 53 bits in their canonical spelling', async (t) => {
    t.equal(verdict('[9007199254740991]'), 'accepted')
    t.equal(verdict('[9007199254740992]'), 'JSON_NOT_CANONICAL')
    t.equal(verdict('{"a":[{"b":-9007199254740992}]}'), 'JSON_NOT_CANONICAL')
    t.equal(verdict('{"10":9007199254740992,"9":1}'), 'JSON_NOT_CANONICAL', 'on the slow way too')
  })

  t.test('refuses lone surrogates and U+0000, escaped or not', async (t) => {
    for (const text of ['["\\ud800"]', '["\ud800"]', '{"\\udc00":1}', '["\\u0000"]', '["a\\u0000b"]']) {
      t.equal(verdict(text), 'JSON_NOT_CANONICAL', JSON.stringify(text))
    }
    t.equal(verdict('["\u0000"]'), 'JSON_MALFORMED')
    t.equal(verdict('["\\u0001"]'), 'accepted')
    t.equal(verdict('["\\\\ud800"]'), 'accepted', 'an escaped backslash, then letters')
  })

  t.test('refuses what is not JSON, and a byte order mark', async (t) => {
    for (const text of ['', '{', '[1,]', 'NaN', "{'a':1}", '\ufeff{}', '[1] [2]', '["\t"]']) {
      t.equal(verdict(text), 'JSON_MALFORMED', text)
    }
  })

  t.test('reads bytes as strict UTF-8', async (t) => {
    t.equal(verdict(Buffer.from('["é"]')), 'accepted')
    t.equal(verdict(Buffer.from('["é"]', 'latin1')), 'JSON_MALFORMED')
    t.equal(verdict(Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d])), 'JSON_MALFORMED', 'an encoded surrogate')
    t.equal(verdict(Buffer.from([0x5b, 0x22, 0xc0, 0xaf, 0x22, 0x5d])), 'JSON_MALFORMED', 'an overlong slash')
    t.equal(verdict(Buffer.from('\ufeff[]')), 'JSON_MALFORMED')
  })

  t.test('limits bytes, not characters, and limits them first', async (t) => {
    t.equal(verdict('"éé"', 6), 'accepted')
    t.equal(verdict('"éé"', 5), 'JSON_TOO_LARGE')
    t.equal(verdict('['.repeat(limits.bodyBytes + 1)), 'JSON_TOO_LARGE')
  })

  t.test('limits depth before parsing, and is not misled by brackets in strings', async (t) => {
    t.equal(verdict(nested(32)), 'accepted')
    t.equal(verdict(nested(33)), 'JSON_TOO_DEEP')
    t.equal(verdict('{"a":'.repeat(33)), 'JSON_TOO_DEEP', 'although it is not JSON')
    t.equal(verdict('['.repeat(200_000)), 'JSON_TOO_DEEP')
    t.equal(verdict(`["${'['.repeat(100)}"]`), 'accepted')
    t.equal(verdict(`["\\"${'['.repeat(100)}\\\\","]]]]"]`), 'accepted')
    t.equal(verdict(`["]]]]\\"]]",${nested(32)}]`), 'JSON_TOO_DEEP', 'closing brackets in a string buy no depth')
  })

  t.test('keeps __proto__ as an ordinary member', async (t) => {
    const value = parseCanonical('{"__proto__":{"polluted":true}}') as { polluted?: unknown }
    t.equal(value.polluted, undefined)
    t.equal(canonicalize(value as JsonValue), '{"__proto__":{"polluted":true}}')
  })
})

t.test('parsing what people write', async (t) => {
  const verdict = (text: string) => verdictOf(() => parseJson(text))

  t.test('accepts white space, any order and any number spelling', async (t) => {
    t.same(parseJson(' { "b" : 1e2 , "a" : "\\u00e9" }\n'), { b: 100, a: 'é' })
  })

  t.test('refuses a member that stands twice in one object, however it is spelled', async (t) => {
    for (const text of [
      '{"a":1,"a":2}',
      '{"a":1, "\\u0061" \n : 2}',
      '[{"b":{"a":1,"a":1}}]',
      '{"a":{},"b":[],"a":1}',
    ]) {
      t.equal(verdict(text), 'JSON_MALFORMED', text)
    }
    for (const text of ['{"a":{"a":1}}', '[{"a":1},{"a":2}]', '{"a":"a","b":"a:"}', '{"a":["a","a"]}']) {
      t.equal(verdict(text), 'accepted', text)
    }
  })

  t.test('refuses __proto__, lone surrogates and U+0000 at any depth', async (t) => {
    for (const text of [
      '{"__proto__":{}}',
      '[{"a":{"\\u005f_proto__":1}}]',
      '["\\ud800"]',
      '{"\\u0000":1}',
      '{"a":["\\u0000"]}',
    ]) {
      t.equal(verdict(text), 'JSON_MALFORMED', text)
    }
    t.equal(verdict('{"proto":{}}'), 'accepted')
  })

  t.test('limits size and depth as told', async (t) => {
    t.equal(
      verdictOf(() => parseJson(nested(40), { maxDepth: 40 })),
      'accepted',
    )
    t.equal(
      verdictOf(() => parseJson(nested(41), { maxDepth: 40 })),
      'JSON_TOO_DEEP',
    )
    t.equal(
      verdictOf(() => parseJson('[1,2]', { maxBytes: 4 })),
      'JSON_TOO_LARGE',
    )
  })
})

/** JSON values of the profile: no -0, no large integers, only well-formed strings without U+0000. */
const safeNumber = fc.oneof(
  fc.maxSafeInteger(),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((n) => !Object.is(n, -0) && verdictOf(() => canonicalize(n)) === 'accepted'),
)
const safeString = fc.string({ unit: 'binary' }).filter((s) => !s.includes('\u0000'))
const { value: jsonValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    safeNumber,
    safeString,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(safeString, fc.nat(99).map(String)), tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}))

t.test('properties', async (t) => {
  t.test('what is written canonically is read back equal, and written again the same', async () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        const text = canonicalize(value)
        return (
          canonicalize(parseCanonical(text)) === text &&
          JSON.stringify(JSON.parse(text)) === JSON.stringify(parseJson(text))
        )
      }),
      { seed: 8785, numRuns: 1500 },
    )
  })

  t.test('text is accepted exactly where it equals what its value is written as', async () => {
    fc.assert(
      fc.property(jsonValue, fc.nat(3), (value, spaces) => {
        const text = JSON.stringify(value, null, spaces)
        const isCanonical = text === canonicalize(value)
        return (verdictOf(() => parseCanonical(text)) === 'accepted') === isCanonical
      }),
      { seed: 8785, numRuns: 1500 },
    )
  })

  t.test('any text at all is accepted or refused by a code', async () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ unit: 'binary' })), (text) => {
        verdictOf(() => parseCanonical(text))
        verdictOf(() => parseJson(text))
      }),
      { seed: 8785, numRuns: 1000 },
    )
  })
})
