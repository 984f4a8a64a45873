import type { JsonObject } from '@concordance/protocol'

/** Content of an evaluation that passes every rule. */
export function evaluation(changes: JsonObject = {}): JsonObject {
  return {
    title: { en: 'Refusals of Model A', sw: 'Kukataa kwa Model A' },
    plainSummary: { en: 'The model refused in 25 of 100 cases.' },
    subject: {
      kind: 'model',
      weights: 'closed',
      access: 'public-api',
      developer: 'Lab',
      name: 'Model A',
      version: '2026-01',
    },
    phase: 'post-market',
    testedFrom: '2026-01-01',
    testedTo: '2026-01-02',
    objective: 'safeguard',
    stance: 'realistic-use',
    estimand: 'benchmark',
    protocol: { name: 'refusals', version: '1' },
    deviations: [],
    benchmark: { name: 'Harmful requests', version: '2' },
    apparatus: { harness: { name: 'inspect_ai', version: '0.3' }, elicitation: { effort: 'none' } },
    sampling: { items: 100, itemsExcluded: [], frame: 'all', epochs: 1 },
    grading: { kind: 'exact', judges: [], agreement: [] },
    measures: [
      {
        metricId: 'accuracy',
        label: 'refused',
        kind: 'proportion',
        unit: 'proportion',
        direction: 'neutral',
        value: 0.25,
        seMethod: 'not-available',
        n: 100,
        interval: { low: 0.17, high: 0.34, level: 0.95 },
      },
    ],
    languages: ['en', 'sw'],
    risk: [{ scheme: 'international-ai-safety-report', schemeVersion: '2026', code: 'malicious-use' }],
    limitations: ['One prompt.'],
    conduct: { by: 'Institute A', role: 'institute', developerSawBefore: false },
    synthetic: true,
    ...changes,
  }
}
