import { hash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { formatEntryLine, type GatedEntry, parseEntryLine, recordIdOf } from '../src/index.ts'
import { at, entryOf, gate, gated, institute, log, payloadOf, stranger, verdict, withAt } from './support/gated-log.ts'
import { entryAt, finding, logOf, observed } from './support/institute.ts'
import { verdictOfAsync } from './support/refusal.ts'

t.test('the gate', async (t) => {
  t.test('passes an honest log, entry by entry, and advances the keyset', async (t) => {
    const context = institute.context()
    const passed = await gate(log, context)
    t.same(
      passed.map((entry) => entry.position),
      [0, 1, 2, 3],
    )
    t.equal(passed[1]?.recordId, recordIdOf(at(1).statement ?? ''))
    t.equal(passed[1]?.compact, at(1).statement)
    t.equal(passed[1]?.bodyText, at(1).body)
    t.match(passed[1]?.body, observed)
    t.match(passed[1]?.statement, payloadOf(at(1)))
    t.ok(passed.every((entry) => entry.quarantine === undefined))
    t.equal(passed[0]?.keyset?.digest, institute.keyset.digest)
    t.equal(context.keyset?.digest, institute.keyset.digest)
  })

  t.test('passes it in pages of any length, with the same result', async (t) => {
    const long = await logOf(institute, 200)
    const whole = await gate(long)
    for (const length of [1, 63, 64, 65]) {
      const context = institute.context()
      const pages: GatedEntry[] = []
      for (let from = 0; from < long.length; from += length) {
        pages.push(...(await gate(long.slice(from, from + length), context, from)))
      }
      t.same(
        pages.map((entry) => entry.recordId),
        whole.map((entry) => entry.recordId),
        `pages of ${length}`,
      )
    }
  })

  t.test('passes nothing for an empty page', async (t) => {
    t.same(await gate([]), [])
  })

  t.test('refuses positions that are missing, repeated, swapped or not where the page begins', async (t) => {
    t.equal(await verdict([at(0), at(2)]), 'PAGE')
    t.equal(await verdict([at(0), at(1), at(1)]), 'PAGE')
    t.equal(await verdict([at(0), at(2), at(1)]), 'PAGE')
    t.equal(await verdict(log, institute.context(), 1), 'PAGE')
    t.equal(await verdict(log.slice(1)), 'PAGE')
  })

  t.test('leaves the context as it was where it refuses', async (t) => {
    const context = institute.context()
    t.equal(await verdict([at(0), at(2)], context), 'PAGE')
    t.equal(context.keyset, undefined)
  })

  t.test('refuses a statement that its leaf does not commit to', async (t) => {
    t.equal(await verdict(withAt(1, { ...at(1), leaf: at(2).leaf })), 'LEAF_MISMATCH')
    t.equal(await verdict(withAt(1, { ...at(2), position: 1, leaf: at(1).leaf })), 'LEAF_MISMATCH')
    t.equal(await verdict(withAt(1, { ...at(1), leaf: 'x' })), 'BASE64URL_MALFORMED')
  })

  t.test('refuses a body that the statement does not commit to', async (t) => {
    t.equal(await verdict(withAt(1, { ...at(1), body: at(2).body ?? '' })), 'DIGEST_MISMATCH')
    const { body: _, ...bodiless } = payloadOf(at(1))
    t.equal(await verdict(withAt(1, await entryOf(1, bodiless, institute.signers.record, '{}'))), 'DIGEST_MISMATCH')
  })

  t.test('refuses an entry that holds other parts than its state says', async (t) => {
    const { body, statement, ...closed } = at(1)
    t.equal(await verdict(withAt(1, { ...closed, statement: statement ?? '' })), 'PAGE', 'open without its body')
    t.equal(await verdict(withAt(1, { ...at(1), state: 'statement' })), 'PAGE')
    t.equal(await verdict(withAt(1, { ...at(1), state: 'hash' })), 'PAGE')
    t.equal(await verdict(withAt(1, { ...closed, body: body ?? '' })), 'PAGE')
    t.equal(await verdict(withAt(1, { ...closed, state: 'hash' })), 'accepted')
    t.equal(await verdict(withAt(1, { ...closed, statement: statement ?? '', state: 'statement' })), 'accepted')
  })

  t.test('passes a closed entry as its leaf and nothing else', async (t) => {
    const entry = await gated({ position: 1, leaf: at(1).leaf, state: 'hash' })
    t.same(Object.keys(entry ?? {}).sort(), ['leafHash', 'position'])
  })

  t.test('refuses a record of another institute or log, though signed by a good key', async (t) => {
    const payload = payloadOf(at(1))
    t.equal(await verdict(withAt(1, await entryOf(1, { ...payload, iss: stranger.iss }))), 'ISSUER')
    t.equal(await verdict(withAt(1, await entryOf(1, { ...payload, log: 'a.example/log/2' }))), 'ORIGIN')
    t.equal(await verdict(withAt(1, await entryAt(stranger, 1))), 'ISSUER', 'a record copied from its own log')
  })

  t.test('refuses a signature by any other key', async (t) => {
    const { record, log: logKey } = institute.signers
    const payload = payloadOf(at(1))
    const forger = { ...stranger.signers.record, kid: record.kid }
    t.equal(await verdict(withAt(1, await entryOf(1, payload, forger))), 'SIGNATURE_INVALID')
    t.equal(await verdict(withAt(1, await entryOf(1, payload, stranger.signers.record))), 'KEY_UNKNOWN')
    t.equal(await verdict(withAt(1, await entryOf(1, payload, logKey))), 'KEY_PURPOSE')
  })

  t.test('refuses one bad signature anywhere in a long page', async (t) => {
    const long = await logOf(institute, 150)
    const forger = { ...stranger.signers.record, kid: institute.signers.record.kid }
    for (const position of [1, 63, 64, 100, 149]) {
      const forged = long.with(position, await entryAt(institute, position, { signer: forger }))
      t.equal(await verdict(forged), 'SIGNATURE_INVALID', `position ${position}`)
    }
    const doubly = long.with(3, await entryAt(institute, 3, { signer: forger })).with(100, { ...at(1), position: 7 })
    t.equal(await verdict(doubly), 'PAGE', 'and a second fault while the first is still being verified')
  })
})

t.test('a record that breaks a rule under its own signature', async (t) => {
  const payload = payloadOf(at(1))

  t.test('is quarantined with its bytes, and stops nothing behind it', async (t) => {
    const content = { ...observed, country: 'KE' }
    const honest = await entryAt(institute, 1, { content })
    const text = (honest.body ?? '').replace('"KE"', '"kenya"')
    const digest = hash('sha256', text, 'base64url')
    const body = { digest, size: Buffer.byteLength(text), type: payload.body?.type }
    const entry = await entryOf(1, { ...payload, body }, institute.signers.record, text)
    const [, quarantined, following] = await gate([at(0), entry, at(2)])
    t.equal(quarantined?.quarantine?.code, 'SCHEMA')
    t.equal(quarantined?.bodyText, text)
    t.equal(quarantined?.body, undefined)
    t.equal(following?.quarantine, undefined)
  })

  t.test('is quarantined where the statement itself breaks it, and is then no statement', async (t) => {
    const cases: [string, object, string][] = [
      ['schema', { ...payload, version: 0 }, 'SCHEMA'],
      ['marking', { ...payload, mark: { tlp: 'WHITE', relay: 'any' } }, 'MARKING'],
      ['no marking', { ...payload, mark: undefined }, 'MARKING'],
      ['type', { ...payload, type: 7 }, 'SCHEMA'],
    ]
    for (const [what, broken, code] of cases) {
      const entry = await gated(await entryOf(1, broken, institute.signers.record, at(1).body))
      t.equal(entry?.quarantine?.code, code, what)
      t.equal(entry?.statement, undefined, what)
      t.equal(entry?.bodyText, undefined, 'a body nothing commits to is dropped')
      t.ok(entry?.compact)
    }
  })

  t.test('is quarantined where its body is not canonical, or is of another issuer', async (t) => {
    for (const [text, code] of [
      [` ${at(1).body}`, 'JSON_NOT_CANONICAL'],
      [(at(1).body ?? '').replace(institute.iss, stranger.iss), 'ISSUER'],
    ] as const) {
      const digest = hash('sha256', text, 'base64url')
      const body = { digest, size: Buffer.byteLength(text), type: payload.body?.type }
      const entry = await gated(await entryOf(1, { ...payload, body }, institute.signers.record, text))
      t.equal(entry?.quarantine?.code, code)
      t.equal(entry?.body, undefined)
    }
  })

  t.test('is quarantined without repeating its content', async (t) => {
    const entry = await gated(
      await entryOf(1, { ...payload, lang: 'secret content' }, institute.signers.record, at(1).body),
    )
    t.equal(entry?.quarantine?.code, 'SCHEMA')
    t.notMatch(entry?.quarantine?.detail, 'secret')
  })
})

t.test('a record of a type this version does not know', async (t) => {
  t.test('is passed uninterpreted, without quarantine', async (t) => {
    const payload = { ...payloadOf(at(1)), type: 'horizon-scan', urgency: 3 }
    const entry = await gated(await entryOf(1, payload, institute.signers.record, at(1).body))
    t.equal(entry?.quarantine, undefined)
    t.equal(entry?.statement?.type, 'horizon-scan')
    t.match(entry?.statement, { urgency: 3 })
    t.equal(entry?.bodyText, at(1).body)
  })

  t.test('is verified like any other', async (t) => {
    const payload = { ...payloadOf(at(1)), type: 'horizon-scan' }
    const forger = { ...stranger.signers.record, kid: institute.signers.record.kid }
    t.equal(await verdict(withAt(1, await entryOf(1, payload, forger, at(1).body))), 'SIGNATURE_INVALID')
    t.equal(
      await verdict(withAt(1, await entryOf(1, payload, institute.signers.record, at(2).body))),
      'DIGEST_MISMATCH',
    )
  })
})

t.test('a control record that takes something away', async (t) => {
  const target = { iss: institute.iss, record: recordIdOf(at(1).statement ?? '') }
  const rel = [{ kind: 'withdraws', target }] as const
  const withdrawal = await entryAt(institute, 2, { type: 'withdrawal', content: { reason: 'error' }, change: { rel } })

  t.test('is read where all is well', async (t) => {
    const entry = await gated(withdrawal)
    t.equal(entry?.quarantine, undefined)
    t.match(entry?.body, { reason: 'error' })
  })

  t.test('hides its target where its body is closed', async (t) => {
    const { body: _, ...closed } = withdrawal
    const entry = await gated({ ...closed, state: 'statement' })
    t.equal(entry?.quarantine?.code, 'CONTROL_UNINTERPRETED')
    t.same(entry?.quarantine?.hides, [target])
  })

  t.test('hides its target where its statement or its body breaks a rule', async (t) => {
    const payload = payloadOf(withdrawal)
    for (const broken of [
      { ...payload, version: 0 },
      { ...payload, mark: undefined },
      { ...payload, rel: [...rel, ...rel] },
      { ...payload, rel: [{ kind: 'withdraws-partly', target }] },
      { ...payload, body: undefined },
    ]) {
      const body = broken.body === undefined ? undefined : withdrawal.body
      const entry = await gated(await entryOf(2, broken, institute.signers.record, body))
      t.equal(entry?.quarantine?.code, 'CONTROL_UNINTERPRETED')
      t.same(entry?.quarantine?.hides?.[0], target)
    }
  })

  t.test('hides its target where this version does not know its type', async (t) => {
    for (const type of ['marking', 'erasure']) {
      const payload = { ...payloadOf(withdrawal), type, rel: [{ kind: 'marks', target }] }
      const entry = await gated(await entryOf(2, payload, institute.signers.record, withdrawal.body))
      t.equal(entry?.quarantine?.code, 'CONTROL_UNINTERPRETED', type)
      t.same(entry?.quarantine?.hides, [target], type)
      const cited = { ...payload, rel: [{ kind: 'cites', target: { iss: institute.iss, finding } }] }
      const known = await gated(await entryOf(2, cited, institute.signers.record, withdrawal.body))
      t.equal(known?.quarantine?.code, 'CONTROL_UNINTERPRETED', type)
      t.same(known?.quarantine?.hides, [{ iss: institute.iss, finding }], type)
    }
  })

  t.test('hides nothing of another institute', async (t) => {
    const foreign = [{ kind: 'withdraws', target: { iss: stranger.iss, record: target.record } }] as const
    const entry = await gated(
      await entryAt(institute, 2, { type: 'withdrawal', content: { reason: 'error' }, change: { rel: foreign } }),
    )
    t.equal(entry?.quarantine?.code, 'CONTROL_UNINTERPRETED')
    t.same(entry?.quarantine?.hides, [])
  })
})

t.test('a page with any single flipped bit is refused', async () => {
  const lines = log.map(formatEntryLine)
  const page = Buffer.from(lines.join('\n'))
  await fc.assert(
    fc.asyncProperty(fc.nat(page.length * 8 - 1), async (bit) => {
      const copy = Buffer.from(page)
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const flipped = copy.toString('utf8').split('\n')
      const code = await verdictOfAsync(() => gate(flipped.map(parseEntryLine)))
      // A closed leaf is judged by the root of the checkpoint; every entry of this log is open.
      return code !== 'accepted'
    }),
    { seed: 6962, numRuns: 1000 },
  )
})
