import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject, Measure } from '@concordance/protocol'
import type { Test } from 'tap'
import type { ImportResult } from '../src/index.ts'

/** A folder of its own for a test, removed when the test ends. */
export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'concordance-importers-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a file for a test and returns its path. */
export function writeLog(t: Test, content: string | Buffer | object, name = 'log.json'): string {
  const path = join(temporaryFolder(t), name)
  writeFileSync(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content))
  return path
}

type Changes = { readonly [path: string]: unknown }

/**
 * A copy with values replaced, by dotted path; `undefined` removes.
 */
export function changed<Value extends object>(value: Value, changes: Changes): Value {
  const copy = structuredClone(value)
  for (const [path, replacement] of Object.entries(changes)) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    let target = copy as Record<string, unknown>
    for (const name of names) target = target[name] as Record<string, unknown>
    if (replacement === undefined) delete target[last]
    else target[last] = replacement
  }
  return copy
}

/** A small Inspect log: 40 items, 24 right. */
export function inspectLog(changes: Changes = {}): object {
  return changed(plainInspectLog, changes)
}

const plainInspectLog = {
  version: 2,
  status: 'success',
  eval: {
    created: '2025-09-15T15:02:26-04:00',
    task: 'truthfulness',
    task_version: 3,
    dataset: { name: 'truth-set', location: '/home/someone/truth.json', samples: 40, shuffled: false },
    model: 'anthropic/claude-sonnet-4-20250514',
    model_args: { device: 'cuda:0' },
    config: { epochs: 1, epochs_reducer: ['mean'] },
    revision: { type: 'git', origin: 'git@example.org:secret.git', commit: '02fdf720f' },
    packages: { inspect_ai: '0.3.137' },
  },
  plan: { name: 'plan', steps: [{ solver: 'generate', params: {} }], config: { temperature: 0.5 } },
  results: {
    total_samples: 40,
    completed_samples: 40,
    scores: [
      {
        name: 'match',
        scorer: 'match',
        scored_samples: 40,
        unscored_samples: 0,
        params: {},
        metrics: {
          accuracy: { name: 'accuracy', value: 0.6, params: {} },
          stderr: { name: 'stderr', value: 0.0784464540552736, params: {} },
        },
      },
    ],
  },
  stats: { started_at: '2025-09-15T15:02:27-04:00', completed_at: '2025-09-15T15:02:47-04:00', model_usage: {} },
}

/** A small record of Every Eval Ever 0.3.0: accuracy 0.75 on 200 items. */
export function record(changes: Changes = {}): object {
  return changed(plainRecord, changes)
}

const plainRecord = {
  schema_version: '0.3.0',
  evaluation_id: 'a/b/1750000000',
  evaluation_timestamp: '1750000000',
  retrieved_timestamp: '1750000001',
  source_metadata: {
    source_name: 'inspect_ai',
    source_type: 'evaluation_run',
    source_organization_name: 'Example Laboratory',
    evaluator_relationship: 'third_party',
  },
  eval_library: { name: 'inspect_ai', version: '0.3.137' },
  model_info: {
    name: 'Demo',
    id: 'demo-org/demo-model-2025-01-31',
    developer: 'demo-org',
    additional_details: { deployment_type: 'externally_managed', model_availability: 'open_weights' },
  },
  evaluation_results: [
    {
      evaluation_name: 'demo_bench',
      source_data: { dataset_name: 'demo_bench', source_type: 'hf_dataset', hf_repo: 'a/b', hf_split: 'test' },
      metric_config: {
        metric_id: 'accuracy',
        metric_unit: 'proportion',
        lower_is_better: false,
        score_type: 'continuous',
        min_score: 0,
        max_score: 1,
      },
      score_details: { score: 0.75, uncertainty: { num_samples: 200 } },
    },
  ],
}

/** Answers to every question, for a log that fills what logs can fill. */
export const fullAnswers: JsonObject = {
  subject: { kind: 'model', version: '20250514', weights: 'closed', access: 'public-api' },
  phase: 'post-market',
  testedFrom: '2025-09-15T15:02:27-04:00',
  testedTo: '2025-09-15T15:02:47-04:00',
  objective: 'propensity',
  stance: 'realistic-use',
  estimand: 'benchmark',
  protocol: { version: '3' },
  deviations: [],
  apparatus: { elicitation: { effort: 'none' } },
  languages: ['en'],
  risk: [{ scheme: 'international-ai-safety-report', schemeVersion: '2026', code: 'loss-of-control' }],
  limitations: ['Stated answers are not behaviour.'],
  conduct: { by: 'Example Institute', role: 'institute', developerSawBefore: false },
  plainSummary: { en: 'The model answered 24 of 40 questions truthfully.' },
}

/** The measures of the first draft. */
export function measuresOf(result: ImportResult): Measure[] {
  return (result.drafts[0]?.content.measures ?? []) as unknown as Measure[]
}
