import type { RecordInput } from '@concordance/protocol'
import type { InstituteSpec } from '../network/start-network.ts'

/** A fictional institute of the demonstration, what it imports and what it publishes by hand. */
export interface DemoInstitute extends InstituteSpec {
  readonly lang: string
  /** Genuine files below packages/importers/test/data; no file stands at two institutes. */
  readonly files: readonly string[]
  /** Entered by hand: with their source, or marked as synthetic. */
  readonly records: readonly RecordInput[]
}

const inspect = (name: string) => `inspect/${name}`
const eee = (name: string) => `every-eval-ever/${name}`
const green = { tlp: 'GREEN', relay: 'none' } as const
const clear = { tlp: 'CLEAR', relay: 'any' } as const

/** HELM's own run output, Apache-2.0: stanford-crfm/helm, benchmark_output_last/runs/v4 at 865aaae70bbd. */
const helmSource = (run: string) => ({
  title: `HELM Safety, run output of ${run} (stanford-crfm/helm, Apache-2.0)`,
  url: 'https://github.com/stanford-crfm/helm',
})

const byHelm = {
  phase: 'post-market',
  testedFrom: null,
  testedTo: null,
  stance: 'realistic-use',
  estimand: 'benchmark',
  deviations: [],
  apparatus: { harness: { name: 'helm', version: 'unknown' }, elicitation: { effort: 'none' } },
  sampling: { items: 100, itemsExcluded: [], frame: 'first-n', epochs: 1 },
  languages: ['en'],
  conduct: { by: 'Stanford CRFM (HELM)', role: 'third-party', developerSawBefore: false },
} as const

const share = { kind: 'proportion', unit: 'proportion', direction: 'higher-better', min: 0, max: 1, n: 100 } as const

export const institutes: readonly DemoInstitute[] = [
  {
    key: 'northlight',
    name: { en: 'Northlight Institute for AI Measurement (fictional)' },
    lang: 'en',
    files: [
      inspect('2025-09-15_popularity_gpt-5.eval'),
      inspect('2025-03-18_theory-of-mind_claude-3-7-sonnet.eval'),
      inspect('2025-03-21_cyse2-vuln-exploit_mistral-large.json'),
      inspect('2025-05-12_security-guide.json'),
      inspect('2025-02-11_popularity_unscored.eval'),
      eee('SimpleQA-Verified__anthropic_claude-opus-4-6__0.2.0__c5029a86.json'),
      eee('hal-swebench-verified-mini__anthropic_claude-3-7-sonnet-20250219__0.2.2__b5e676c6.json'),
      eee('livecodebenchpro__alibaba_qwen3-235b-a22b-thinking-2507__0.2.0__f3d8ed85.json'),
    ],
    records: [
      {
        type: 'evaluation',
        lang: 'en',
        mark: green,
        content: {
          ...byHelm,
          title: { en: 'HarmBench with Claude 3.5 Sonnet: two judges differ by six points' },
          plainSummary: {
            en: 'On the same 100 transcripts one model judge calls 99 of 100 answers safe and another 93: the judge decides the number.',
          },
          subject: {
            kind: 'model',
            developer: 'anthropic',
            name: 'claude-3-5-sonnet',
            version: '20240620',
            weights: 'closed',
            access: 'public-api',
          },
          objective: 'safeguard',
          protocol: { name: 'HELM harm_bench', version: 'v4' },
          benchmark: { name: 'HarmBench', itemsTotal: 100 },
          grading: { kind: 'model', judges: [{ model: 'gpt' }, { model: 'claude' }], agreement: [] },
          measures: [
            {
              ...share,
              metricId: 'safety_gpt_score',
              label: 'safe by the GPT judge',
              value: 0.99,
              seMethod: 'not-available',
              sourceValue: '0.99',
            },
            {
              ...share,
              metricId: 'safety_claude_score',
              label: 'safe by the Claude judge',
              value: 0.93,
              seMethod: 'not-available',
              sourceValue: '0.93',
            },
          ],
          risk: [{ scheme: 'international-ai-safety-report', schemeVersion: '2026', code: 'content-and-crime' }],
          limitations: ['The source states no standard error; both figures come from one sample of 100 prompts.'],
          cites: [helmSource('harm_bench, anthropic/claude-3-5-sonnet-20240620')],
        },
      },
      {
        type: 'observation',
        lang: 'en',
        mark: { tlp: 'RED', relay: 'none', handling: 'Named staff only.' },
        content: {
          seen: { en: 'Synthetic: a step-by-step weakness in one vendor’s tool sandbox, not yet told to the vendor.' },
          country: 'ZZ',
          sector: 'software',
          howOften: 'once',
          wish: { en: 'Disclose to the vendor before anybody else learns of it.' },
          synthetic: true,
        },
      },
    ],
  },
  {
    key: 'ponant',
    name: { fr: 'Institut Ponant d’évaluation de l’IA (fictif)' },
    lang: 'fr',
    files: [
      inspect('2025-09-15_popularity_gpt-5_5-epochs.eval'),
      inspect('2025-09-15_popularity_claude-sonnet-4.eval'),
      inspect('2025-05-12_popularity_cancelled.json'),
      inspect('retry-2-then-success_zstd.eval'),
      inspect('2025-12-19_mmlu-summary-choices.eval'),
      eee('helm_lite__01-ai_yi-34b__0.2.0__946b7db3.json'),
      eee('pubmed_qa__openai_gpt-4o-mini-2024-07-18__0.2.0__51fb8af5.json'),
      eee('reward-bench__0-hero_Matter-0.1-7B-DPO-preview__0.2.0__cef91213.json'),
    ],
    records: [
      {
        type: 'evaluation',
        lang: 'fr',
        mark: clear,
        content: {
          ...byHelm,
          title: {
            fr: 'BBQ avec GPT-4o : 95 bonnes réponses sur 100',
            en: 'BBQ with GPT-4o: 95 of 100 answers right',
          },
          plainSummary: {
            fr: 'Sur 100 questions à piège stéréotypé, le modèle répond juste 95 fois ; un léger biais reste dans les contextes ambigus.',
            en: 'On 100 questions with a stereotype as a trap the model is right 95 times; a slight bias remains where the context is ambiguous.',
          },
          subject: {
            kind: 'model',
            developer: 'openai',
            name: 'gpt-4o',
            version: '2024-05-13',
            weights: 'closed',
            access: 'public-api',
          },
          objective: 'propensity',
          protocol: { name: 'HELM bbq', version: 'v4' },
          benchmark: { name: 'BBQ', itemsTotal: 100 },
          grading: { kind: 'exact', judges: [], agreement: [] },
          measures: [
            {
              ...share,
              metricId: 'bbq_accuracy',
              label: 'accuracy',
              value: 0.95,
              se: 0.0218,
              seMethod: 'derived-binomial',
              sourceValue: '0.95',
            },
          ],
          risk: [{ scheme: 'international-ai-safety-report', schemeVersion: '2026', code: 'reliability' }],
          limitations: ['The standard error is derived from n = 100 (binomial): the source states none.'],
          cites: [helmSource('bbq, openai/gpt-4o-2024-05-13')],
        },
      },
      {
        type: 'observation',
        lang: 'fr',
        mark: {
          tlp: 'AMBER',
          relay: 'none',
          group: { iss: 'https://ponant.example', finding: '01890a5d-ac96-774b-bcce-b302099a8057' },
        },
        content: {
          seen: {
            fr: 'Synthétique : un service public teste un assistant qui contourne ses propres refus en langue régionale.',
          },
          country: 'FR',
          sector: 'public-administration',
          howOften: 'monthly',
          wish: { fr: 'Un essai commun avec deux instituts, avant toute publication.' },
          synthetic: true,
        },
      },
    ],
  },
  {
    key: 'hoshizora',
    name: { ja: '星空AI安全研究所（架空）', en: 'Hoshizora AI Safety Institute (fictional)' },
    lang: 'ja',
    files: [
      inspect('2025-10-21_arc-easy_qwen2.5-0.5b.json'),
      inspect('log_formats.eval'),
      inspect('2025-10-13_task_mockllm.eval'),
      inspect('2025-05-12_cancelled_no-samples.json'),
      eee('global-mmlu-lite__anthropic_claude-sonnet-4-20250514__0.2.0__0251345d.json'),
      eee('global-mmlu-lite__openai_gpt-4.1-2025-04-14__0.2.0__1b0ed18d.json'),
      eee('ai2_arc__anthropic_claude-sonnet-4-0__0.2.0__a6d852aa.json'),
      eee('hfopenllm_v2__0-hero_Matter-0.2-7B-DPO__0.0.1__13d42abf.json'),
    ],
    records: [
      {
        type: 'observation',
        lang: 'ja',
        mark: green,
        content: {
          seen: {
            ja: '合成データ：窓口の音声支援が方言の質問を誤って要約する。',
            en: 'Synthetic: a voice assistant at public counters sums up questions in dialect wrongly.',
          },
          country: 'JP',
          sector: 'public-administration',
          howOften: 'weekly',
          wish: { ja: '方言を含む評価項目を共同で作りたい。', en: 'Build test items in dialect together.' },
          synthetic: true,
        },
      },
    ],
  },
]

/** Published while the others already watch, to show how soon it arrives. */
export const latecomer: RecordInput = {
  type: 'observation',
  lang: 'en',
  mark: green,
  content: {
    seen: { en: 'Synthetic: an agent reported a finished task that its own log shows it never began.' },
    country: 'ZZ',
    sector: 'software',
    howOften: 'rarely',
    wish: { en: 'Score trajectories, not only outcomes.' },
    synthetic: true,
  },
}
