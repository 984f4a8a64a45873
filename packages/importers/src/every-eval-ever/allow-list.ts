import { count, list, object, presence, scalar } from '../json/shape.ts'

/**
 * Everything that is ever read of an Every Eval Ever record, of any version from 0.0.1 to 0.3. Commands, prompts,
 * templates, tool descriptions, sandbox set-ups, URLs, file paths and free details are passed over.
 */

const bounds = { min_score: scalar, max_score: scalar, lower_is_better: scalar }

const metricConfig = object({
  ...bounds,
  evaluation_description: scalar,
  metric_id: scalar,
  metric_name: scalar,
  metric_kind: scalar,
  metric_unit: scalar,
  score_type: scalar,
  has_unknown_level: scalar,
  llm_scoring: object({ judges: list(object({ model_info: object({ id: scalar, name: scalar }) })) }),
})

const interval = object({ lower: scalar, upper: scalar, confidence_level: scalar, method: scalar })

const scoreDetails = object({
  score: scalar,
  confidence_interval: interval,
  uncertainty: object({
    standard_error: object({ value: scalar, method: scalar }),
    confidence_interval: interval,
    standard_deviation: scalar,
    num_samples: scalar,
  }),
})

const generationConfig = object({
  generation_args: object({
    temperature: scalar,
    top_p: scalar,
    max_tokens: scalar,
    max_attempts: scalar,
    agentic_eval_config: object({ available_tools: list(object({ name: scalar })) }),
    eval_limits: object({ time_limit: scalar, message_limit: scalar, token_limit: scalar }),
  }),
  additional_details: object({ agent_scaffold: scalar }),
})

export const everyEvalEverMembers = {
  schema_version: scalar,
  evaluation_timestamp: scalar,
  source_metadata: object({
    source_name: scalar,
    source_type: scalar,
    source_organization_name: scalar,
    evaluator_relationship: scalar,
  }),
  eval_library: object({ name: scalar, version: scalar }),
  model_info: object({
    name: scalar,
    id: scalar,
    developer: scalar,
    inference_platform: scalar,
    additional_details: object({ model_availability: scalar }),
  }),
  evaluation_results: list(
    object({
      evaluation_name: scalar,
      evaluation_timestamp: scalar,
      source_data: object({
        dataset_name: scalar,
        hf_split: scalar,
        hf_revision: scalar,
        source_version: scalar,
        samples_number: scalar,
        sample_ids: count,
      }),
      metric_config: metricConfig,
      score_details: scoreDetails,
      generation_config: generationConfig,
    }),
  ),
  detailed_evaluation_results: object({ total_rows: scalar }),
  // stands in the file of single answers, not in a record
  sample_id: presence,
}
