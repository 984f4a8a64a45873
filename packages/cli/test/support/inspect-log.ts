/** A made-up log of the shape that Inspect writes, with the least that makes a draft. Nothing in it was measured. */
export function inspectLog(
  changes: { readonly status?: string; readonly task?: string; readonly results?: null } = {},
) {
  const { status = 'success', task = 'made-up-task' } = changes
  const results = {
    total_samples: 4,
    completed_samples: 4,
    scores: [
      {
        name: 'match',
        scorer: 'match',
        params: {},
        metrics: { accuracy: { name: 'accuracy', value: 0.75, options: {} } },
      },
    ],
  }
  return {
    version: 2,
    status,
    eval: {
      created: '2025-05-12T10:00:00+00:00',
      task,
      task_version: 3,
      task_file: '/home/someone/secret-folder/task.py',
      task_id: 'AAAAAAAAAAAAAAAAAAAAAA',
      run_id: 'BBBBBBBBBBBBBBBBBBBBBB',
      dataset: { name: 'made-up-items', samples: 4, sample_ids: [1, 2, 3, 4] },
      model: 'openai/gpt-4o-2024-08-06',
      config: { epochs: 1 },
      packages: { inspect_ai: '0.3.95' },
    },
    plan: { name: 'plan', steps: [{ solver: 'generate', params: {} }], config: {} },
    ...(changes.results === null ? {} : { results }),
    stats: { started_at: '2025-05-12T10:00:00+00:00', completed_at: '2025-05-12T10:01:00+00:00', model_usage: {} },
  }
}

/** An answer to every question that such a log leaves open. */
export const answersYaml = `
lang: en
subject: { kind: model, version: 2024-08-06, weights: closed, access: public-api }
phase: post-market
objective: capability
stance: realistic-use
estimand: benchmark
deviations: []
apparatus: { elicitation: { effort: none } }
sampling: { frame: all }
grading: { kind: exact }
languages: [en]
risk: []
limitations: [four items only]
conduct: { by: An Institute, role: institute, developerSawBefore: false }
plainSummary: { en: Three of four items were answered. }
benchmark: { name: made-up-items }
synthetic: true
`
