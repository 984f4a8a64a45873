import type { RecordInput } from '@concordance/protocol'

/** An observation that passes every rule. */
export function observation(seen = 'A model refuses less in Swahili than in English.'): RecordInput['content'] {
  return {
    seen: { en: seen },
    country: 'KE',
    sector: 'education',
    howOften: 'weekly',
    wish: { en: 'Tests in more languages.' },
    synthetic: true,
  }
}

export function input(changes: Partial<RecordInput> = {}): RecordInput {
  return { type: 'observation', lang: 'en', mark: { tlp: 'GREEN', relay: 'none' }, content: observation(), ...changes }
}

export const group = { iss: 'https://a.institute.example', finding: '01890a5d-ac96-774b-bcce-b302099a8057' }

/** One valid marking of each label. */
export const marks = {
  clear: { tlp: 'CLEAR', relay: 'any' },
  green: { tlp: 'GREEN', relay: 'none' },
  amber: { tlp: 'AMBER', relay: 'none', group },
  amberStrict: { tlp: 'AMBER+STRICT', relay: 'none', group },
  red: { tlp: 'RED', relay: 'none' },
} as const satisfies Record<string, RecordInput['mark']>
