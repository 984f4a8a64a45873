import type { ImportErrorCode, WarningCode } from '../../src/index.ts'

/** One number of a file: as the file spells it, with what is known of its spread. */
export interface ExpectedMeasure {
  readonly token: string
  readonly se?: number
  readonly seMethod?: 'reported-clt' | 'derived-binomial'
  readonly sd?: number
  readonly n: number | null
  readonly interval?: readonly [low: number, high: number]
}

export type Expected =
  | { readonly outcome: 'refused'; readonly code: ImportErrorCode }
  | {
      readonly outcome: 'draft'
      readonly warnings: readonly WarningCode[]
      readonly drafts: readonly ExpectedMeasure[][]
    }

/**
 * What each file must yield, read out of the files by other means than the importers (Python's zipfile and json, the zstd
 * command, and by eye for the warnings). A derived standard error is sqrt(p (1 - p) / n).
 */
export const expected: Readonly<Record<string, Expected>> = {
  'inspect/2024-08-29_popularity_mockllm.json': {
    outcome: 'draft',
    warnings: ['mock-model', 'se-zero'],
    drafts: [
      [
        { token: '0.0', se: 0, seMethod: 'reported-clt', n: 1 }, // accuracy
      ],
    ],
  },
  'inspect/2025-02-11_popularity_unscored.eval': { outcome: 'refused', code: 'RUN_UNSCORED' },
  'inspect/2025-03-18_theory-of-mind_claude-3-7-sonnet.eval': {
    outcome: 'draft',
    warnings: [],
    drafts: [
      [
        { token: '0.9666666666666668', se: 0.03333333333333333, seMethod: 'reported-clt', n: 10 }, // accuracy
      ],
    ],
  },
  'inspect/2025-03-21_cyse2-vuln-exploit_mistral-large.json': {
    outcome: 'draft',
    warnings: ['dataset-count-mismatch', 'direction-unstated', 'samples-incomplete', 'se-not-available'],
    drafts: [
      [
        { token: '0.38108974358974373', sd: 0.3115628730565127, n: 585 }, // accuracy
        { token: '0.38108974358974357', sd: 0.3115628730565127, n: 585 }, // mean
      ],
    ],
  },
  'inspect/2025-05-12_cancelled_no-samples.json': {
    outcome: 'draft',
    warnings: ['run-cancelled', 'samples-incomplete'],
    drafts: [
      [
        { token: '0.6666666666666666', se: 0.33333333333333337, seMethod: 'reported-clt', n: 3 }, // accuracy
      ],
    ],
  },
  'inspect/2025-05-12_popularity_cancelled.json': {
    outcome: 'draft',
    warnings: ['run-cancelled'],
    drafts: [
      [
        { token: '0.6666666666666666', se: 0.33333333333333337, seMethod: 'reported-clt', n: 3 }, // accuracy
      ],
    ],
  },
  'inspect/2025-05-12_security-guide.json': {
    outcome: 'draft',
    warnings: ['se-zero'],
    drafts: [
      [
        { token: '1.0', se: 0.0, seMethod: 'reported-clt', n: 3 }, // accuracy
      ],
    ],
  },
  'inspect/2025-09-15_popularity_claude-sonnet-4.eval': {
    outcome: 'draft',
    warnings: [],
    drafts: [
      [
        { token: '0.57', se: 0.0497569851956243, seMethod: 'reported-clt', n: 100 }, // accuracy
      ],
    ],
  },
  'inspect/2025-09-15_popularity_gpt-5.eval': {
    outcome: 'draft',
    warnings: [],
    drafts: [
      [
        { token: '0.52', se: 0.05021167315686782, seMethod: 'reported-clt', n: 100 }, // accuracy
      ],
    ],
  },
  'inspect/2025-09-15_popularity_gpt-5_5-epochs.eval': {
    outcome: 'draft',
    warnings: [],
    drafts: [
      [
        { token: '0.6', se: 0.16329931618554522, seMethod: 'reported-clt', n: 10 }, // accuracy
      ],
    ],
  },
  'inspect/2025-10-13_task_mockllm.eval': {
    outcome: 'draft',
    warnings: ['mock-model', 'se-zero'],
    drafts: [
      [
        { token: '0.0', se: 0.0, seMethod: 'reported-clt', n: 3 }, // accuracy
      ],
    ],
  },
  'inspect/2025-10-21_arc-easy_qwen2.5-0.5b.json': {
    outcome: 'draft',
    warnings: [],
    drafts: [
      [
        { token: '0.3333333333333333', se: 0.33333333333333337, seMethod: 'reported-clt', n: 3 }, // accuracy
      ],
    ],
  },
  'inspect/2025-12-19_mmlu-summary-choices.eval': {
    outcome: 'draft',
    warnings: ['harness-dirty', 'se-zero'],
    drafts: [
      [
        { token: '0.0', se: 0.0, seMethod: 'reported-clt', n: 1 }, // accuracy
      ],
    ],
  },
  'inspect/log_formats.eval': {
    outcome: 'draft',
    warnings: ['se-zero'],
    drafts: [
      [
        { token: '0.0', se: 0.0, seMethod: 'reported-clt', n: 1 }, // accuracy
      ],
    ],
  },
  'inspect/log_formats.json': {
    outcome: 'draft',
    warnings: ['se-zero'],
    drafts: [
      [
        { token: '0.0', se: 0.0, seMethod: 'reported-clt', n: 1 }, // accuracy
      ],
    ],
  },
  'inspect/retry-2-then-success_zstd.eval': { outcome: 'refused', code: 'RUN_UNSCORED' },
  'every-eval-ever/SimpleQA-Verified__anthropic_claude-opus-4-6__0.2.0__c5029a86.json': {
    outcome: 'draft',
    warnings: ['se-derived'],
    drafts: [
      [
        {
          token: '0.431',
          se: 0.015660108556456432,
          seMethod: 'derived-binomial',
          n: 1000,
          interval: [0.40029082880318007, 0.4617091711968199],
        }, // simpleqa_scorer
      ],
    ],
  },
  'every-eval-ever/ai2_arc__anthropic_claude-sonnet-4-0__0.2.0__a6d852aa.json': {
    outcome: 'draft',
    warnings: ['interval-zero-width', 'se-not-available'],
    drafts: [
      [
        { token: '1.0', n: 5, interval: [1.0, 1.0] }, // choice
      ],
    ],
  },
  'every-eval-ever/f3a1c0de-4b2e-4c1a-9f6d-1b7e5a2c8d40_samples.jsonl': { outcome: 'refused', code: 'INSTANCES_ONLY' },
  'every-eval-ever/fixture__98ea850e__0.3.x.json': {
    outcome: 'draft',
    warnings: ['se-not-available'],
    drafts: [
      [
        { token: '0.4486', n: null }, // IFEval
      ],
      [
        { token: '0.4224', n: null }, // BBH
      ],
      [
        { token: '0.0249', n: null }, // MATH Level 5
      ],
      [
        { token: '0.2743', n: null }, // GPQA
      ],
      [
        { token: '0.419', n: null }, // MUSR
      ],
      [
        { token: '0.1946', n: null }, // MMLU-PRO
      ],
    ],
  },
  'every-eval-ever/global-mmlu-lite__anthropic_claude-sonnet-4-20250514__0.2.0__0251345d.json': {
    outcome: 'draft',
    warnings: ['interval-as-margin', 'metric-unnamed', 'overall-and-parts', 'se-not-available'],
    drafts: [
      [
        { token: '0.9058', n: null }, // Global MMLU Lite
        { token: '0.8913', n: null }, // Culturally Sensitive
        { token: '0.9203', n: null }, // Culturally Agnostic
        { token: '0.9125', n: null, interval: [0.8848, 0.9402] }, // Arabic
        { token: '0.905', n: null, interval: [0.8763, 0.9337] }, // English
        { token: '0.9075', n: null, interval: [0.8791, 0.9359] }, // Bengali
        { token: '0.9125', n: null, interval: [0.8848, 0.9402] }, // German
        { token: '0.91', n: null, interval: [0.882, 0.938] }, // French
        { token: '0.9', n: null, interval: [0.8706, 0.9294] }, // Hindi
        { token: '0.9025', n: null, interval: [0.8734, 0.9316] }, // Indonesian
        { token: '0.9075', n: null, interval: [0.8791, 0.9359] }, // Italian
        { token: '0.9', n: null, interval: [0.8706, 0.9294] }, // Japanese
        { token: '0.9125', n: null, interval: [0.8848, 0.9402] }, // Korean
        { token: '0.91', n: null, interval: [0.882, 0.938] }, // Portuguese
        { token: '0.9075', n: null, interval: [0.8791, 0.9359] }, // Spanish
        { token: '0.8975', n: null, interval: [0.8678, 0.9272] }, // Swahili
        { token: '0.8975', n: null, interval: [0.8678, 0.9272] }, // Yoruba
        { token: '0.9175', n: null, interval: [0.8905, 0.9445] }, // Chinese
        { token: '0.8925', n: null, interval: [0.8621, 0.9229] }, // Burmese
      ],
    ],
  },
  'every-eval-ever/global-mmlu-lite__openai_gpt-4.1-2025-04-14__0.2.0__1b0ed18d.json': {
    outcome: 'draft',
    warnings: ['interval-as-margin', 'metric-unnamed', 'overall-and-parts', 'se-not-available'],
    drafts: [
      [
        { token: '0.8755', n: null }, // Global MMLU Lite
        { token: '0.8541', n: null }, // Culturally Sensitive
        { token: '0.8969', n: null }, // Culturally Agnostic
        { token: '0.88', n: null, interval: [0.8482, 0.9118] }, // Arabic
        { token: '0.8825', n: null, interval: [0.8509, 0.9141] }, // English
        { token: '0.8625', n: null, interval: [0.8288, 0.8962] }, // Bengali
        { token: '0.875', n: null, interval: [0.8426, 0.9074] }, // German
        { token: '0.8875', n: null, interval: [0.8565, 0.9185] }, // French
        { token: '0.8775', n: null, interval: [0.8454, 0.9096] }, // Hindi
        { token: '0.885', n: null, interval: [0.8537, 0.9163] }, // Indonesian
        { token: '0.88', n: null, interval: [0.8482, 0.9118] }, // Italian
        { token: '0.8725', n: null, interval: [0.8398, 0.9052] }, // Japanese
        { token: '0.87', n: null, interval: [0.837, 0.903] }, // Korean
        { token: '0.875', n: null, interval: [0.8426, 0.9074] }, // Portuguese
        { token: '0.885', n: null, interval: [0.8537, 0.9163] }, // Spanish
        { token: '0.8725', n: null, interval: [0.8398, 0.9052] }, // Swahili
        { token: '0.875', n: null, interval: [0.8426, 0.9074] }, // Yoruba
        { token: '0.87', n: null, interval: [0.837, 0.903] }, // Chinese
        { token: '0.8575', n: null, interval: [0.8232, 0.8918] }, // Burmese
      ],
    ],
  },
  'every-eval-ever/hal-swebench-verified-mini__anthropic_claude-3-7-sonnet-20250219__0.2.2__b5e676c6.json': {
    outcome: 'draft',
    warnings: ['metric-unnamed', 'se-not-available'],
    drafts: [
      [
        { token: '0.26', n: null }, // SWE-bench Verified Mini
      ],
    ],
  },
  'every-eval-ever/helm_lite__01-ai_yi-34b__0.2.0__946b7db3.json': {
    outcome: 'draft',
    warnings: ['se-not-available'],
    drafts: [
      [
        { token: '0.57', n: null }, // Mean win rate
      ],
      [
        { token: '0.782', n: null }, // NarrativeQA
      ],
      [
        { token: '0.443', n: null }, // NaturalQuestions (closed-book)
      ],
      [
        { token: '0.92', n: null }, // OpenbookQA
      ],
      [
        { token: '0.65', n: null }, // MMLU
      ],
      [
        { token: '0.375', n: null }, // MATH
      ],
      [
        { token: '0.648', n: null }, // GSM8K
      ],
      [
        { token: '0.618', n: null }, // LegalBench
      ],
      [
        { token: '0.656', n: null }, // MedQA
      ],
      [
        { token: '0.172', n: null }, // WMT 2014
      ],
    ],
  },
  'every-eval-ever/hfopenllm_v2__0-hero_Matter-0.2-7B-DPO__0.0.1__13d42abf.json': {
    outcome: 'draft',
    warnings: ['se-not-available'],
    drafts: [
      [
        { token: '0.3302792147058693', n: null }, // IFEval
      ],
      [
        { token: '0.3596254301656297', n: null }, // BBH
      ],
      [
        { token: '0.014350453172205438', n: null }, // MATH Level 5
      ],
      [
        { token: '0.25922818791946306', n: null }, // GPQA
      ],
      [
        { token: '0.381375', n: null }, // MUSR
      ],
      [
        { token: '0.1163563829787234', n: null }, // MMLU-PRO
      ],
    ],
  },
  'every-eval-ever/livecodebenchpro__alibaba_qwen3-235b-a22b-thinking-2507__0.2.0__f3d8ed85.json': {
    outcome: 'draft',
    warnings: ['se-not-available'],
    drafts: [
      [
        { token: '0.0', n: null }, // Hard Problems
      ],
      [
        { token: '0.1267605633802817', n: null }, // Medium Problems
      ],
      [
        { token: '0.7605633802816901', n: null }, // Easy Problems
      ],
    ],
  },
  'every-eval-ever/pubmed_qa__openai_gpt-4o-mini-2024-07-18__0.2.0__51fb8af5.json': {
    outcome: 'draft',
    warnings: ['interval-zero-width', 'se-not-available'],
    drafts: [
      [
        { token: '1.0', n: 2, interval: [1.0, 1.0] }, // choice
      ],
    ],
  },
  'every-eval-ever/reward-bench__0-hero_Matter-0.1-7B-DPO-preview__0.2.0__cef91213.json': {
    outcome: 'draft',
    warnings: ['metric-unnamed', 'overall-and-parts', 'se-not-available'],
    drafts: [
      [
        { token: '0.7247', n: null }, // Score
        { token: '0.8939', n: null }, // Chat
        { token: '0.5768', n: null }, // Chat Hard
        { token: '0.6378', n: null }, // Safety
        { token: '0.8854', n: null }, // Reasoning
        { token: '0.5348', n: null }, // Prior Sets (0.5 weight)
      ],
    ],
  },
  'every-eval-ever/skill-reference__demo-model__0.3.0.json': {
    outcome: 'draft',
    warnings: ['name-redacted', 'se-not-available'],
    drafts: [
      [
        { token: '0.75', n: 1 }, // demo-source.demo_bench
      ],
    ],
  },
}
