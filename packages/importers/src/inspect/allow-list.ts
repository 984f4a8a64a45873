import { count, dictionary, list, object, presence, scalar } from '../json/shape.ts'
import { scoreTally } from './tally.ts'

/**
 * Everything that is ever read of an Inspect log. Samples are counted, scores summed up; prompts, answers, arguments,
 * paths, addresses, metadata, errors and tracebacks are passed over.
 */

const metric = object({
  name: scalar,
  value: scalar,
  group: scalar,
  params: object({ cluster: presence, level: scalar }),
  options: object({ cluster: presence, level: scalar }),
})

const generation = object({
  temperature: scalar,
  top_p: scalar,
  max_tokens: scalar,
  reasoning_effort: scalar,
  reasoning_tokens: scalar,
  seed: scalar,
})

const metricDefinition = object({ name: scalar, options: object({ cluster: presence }) })

export const reductionsShape = list(object({ scorer: scalar, reducer: scalar, samples: scoreTally }))

export const inspectMembers = {
  version: scalar,
  status: scalar,
  invalidated: scalar,
  eval: object({
    created: scalar,
    task: scalar,
    task_version: scalar,
    task_registry_name: scalar,
    solver: scalar,
    dataset: object({ name: scalar, samples: scalar, shuffled: scalar }),
    model: scalar,
    model_generate_config: generation,
    model_roles: object({ grader: object({ model: scalar }) }),
    config: object({
      limit: scalar,
      sample_id: presence,
      epochs: scalar,
      epochs_reducer: list(scalar),
      message_limit: scalar,
      token_limit: scalar,
      time_limit: scalar,
      cost_limit: scalar,
    }),
    revision: object({ commit: scalar, dirty: scalar }),
    packages: object({ inspect_ai: scalar }),
    scorers: list(object({ name: scalar, metrics: list(metricDefinition) })),
  }),
  plan: object({ steps: list(object({ solver: scalar })), config: generation }),
  results: object({
    total_samples: scalar,
    completed_samples: scalar,
    scores: list(
      object({
        name: scalar,
        scorer: scalar,
        reducer: scalar,
        scored_samples: scalar,
        unscored_samples: scalar,
        metrics: dictionary(metric),
      }),
    ),
    // logs of 2024
    scorer: object({ name: scalar }),
    metrics: dictionary(metric),
    sample_reductions: reductionsShape,
  }),
  stats: object({ started_at: scalar, completed_at: scalar }),
  reductions: reductionsShape,
  samples: count,
}

export const headerShape = object(inspectMembers)
