import { readdirSync, readFileSync } from 'node:fs'
import { canonicalize, type JsonValue, ProtocolError, parseCanonical, parseJson } from '@concordance/protocol'
import t from 'tap'
import { load } from './load.ts'
import { refusedNumbers } from './profile.ts'

interface NumberCase {
  readonly ieee: string
  readonly expected: string
}

interface OwnNumberCase {
  readonly ieee: string
  readonly canonical: string
  readonly accepted: boolean
  readonly why: string
}

interface RejectCase {
  readonly utf8_hex: string
  readonly why: string
}

const bytesAt = (path: string) => readFileSync(new URL(path, import.meta.url))

t.test('the files of RFC 8785 are written as published, and only their published form is canonical', async (t) => {
  const names = readdirSync(new URL('jcs/input', import.meta.url)).sort()
  for (const name of names) {
    const input = bytesAt(`jcs/input/${name}`)
    const output = bytesAt(`jcs/output/${name}`)
    const hex = bytesAt(`jcs/outhex/${name.replace('.json', '.txt')}`).toString()
    t.same(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'), output, `${name}: the two published forms are one`)
    t.equal(canonicalize(parseJson(input)), output.toString(), name)
    t.same(parseCanonical(output), parseJson(input), name)
    t.equal(
      isAccepted(() => parseCanonical(input)),
      input.equals(output),
      `${name} as it comes in`,
    )
  }
  t.same(names, ['arrays.json', 'french.json', 'structures.json', 'unicode.json', 'values.json', 'weird.json'])
  t.comment(`${names.length} of 6 files as published`)
})

t.test('the numbers of RFC 8785 are written as published, or refused by a rule of the profile', async (t) => {
  const { cases } = load<{ cases: NumberCase[] }>('jcs/numbers.json')
  const refused = cases.filter(({ ieee }) => ieee in refusedNumbers)
  for (const { ieee, expected } of cases) {
    const value = doubleOf(ieee)
    if (ieee in refusedNumbers)
      t.notOk(
        isAccepted(() => canonicalize(value)),
        `${expected}: ${refusedNumbers[ieee]}`,
      )
    else t.equal(canonicalize(value), expected)
  }
  t.equal(cases.length, 7)
  t.equal(refused.length, 3)
  t.comment(
    `${cases.length - refused.length} of ${cases.length} as published, ${refused.length} refused by the profile`,
  )
})

t.test('our own numbers are accepted or refused as published', async (t) => {
  const { cases } = load<{ cases: OwnNumberCase[] }>('own/numbers.json')
  for (const { ieee, canonical, accepted, why } of cases) {
    const value = doubleOf(ieee)
    t.equal(JSON.stringify(value), canonical, `${canonical} is the spelling`)
    t.equal(
      isAccepted(() => canonicalize({ value })),
      accepted,
      `written: ${why}`,
    )
    if (!Object.is(value, -0))
      t.equal(
        isAccepted(() => parseCanonical(`{"value":${canonical}}`)),
        accepted,
        `read: ${why}`,
      )
  }
  t.equal(cases.length, 13)
  t.comment(`${cases.length} of 13 as published`)
})

t.test('texts that are not their own canonical form are refused', async (t) => {
  const { cases } = load<{ cases: RejectCase[] }>('own/jcs-round-trip-reject.json')
  for (const { utf8_hex, why } of cases) {
    t.notOk(
      isAccepted(() => parseCanonical(Buffer.from(utf8_hex, 'hex'))),
      `${why}: ${utf8_hex}`,
    )
  }
  t.equal(cases.length, 20)
  t.comment(`${cases.length} of 20 refused`)
})

function isAccepted(call: () => JsonValue): boolean {
  try {
    call()
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}

function doubleOf(ieee: string): number {
  return Buffer.from(ieee.padStart(16, '0'), 'hex').readDoubleBE()
}
