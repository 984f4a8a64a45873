import type { RecordInput } from '@concordance/protocol'

/** The smallest content there is. */
export function observation(seen: string, tlp: 'CLEAR' | 'GREEN' | 'RED' = 'GREEN') {
  return {
    type: 'observation',
    lang: 'en',
    mark: { tlp, relay: tlp === 'CLEAR' ? 'any' : 'none' },
    content: {
      seen: { en: seen },
      country: 'KE',
      sector: 'health',
      howOften: 'weekly',
      wish: { en: 'A shared test.' },
    },
  } satisfies RecordInput
}
