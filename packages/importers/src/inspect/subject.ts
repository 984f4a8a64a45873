import type { JsonValue } from '@concordance/protocol'
import { type DraftBuilder, setField } from '../draft.ts'
import type { LogNode } from '../json/log-node.ts'
import { snapshotOf } from '../snapshot.ts'
import { findName } from '../take-name.ts'
import type { WarningLog } from '../warnings.ts'

/** Providers of Inspect that serve their own models; elsewhere the provider says nothing about the developer. */
const developers = new Set(['anthropic', 'google', 'mistral', 'openai'])

/** Providers whose models are named `provider/organisation/model`. */
const registries = new Set([
  'fireworks',
  'hf',
  'openrouter',
  'together',
  'vllm',
  'sglang',
  'transformer_lens',
  'nnterp',
])

/**
 * Splits `eval.model`, such as `openai/azure/gpt-4o-2024-08-06`, into developer, platform, name and snapshot. What the
 * name does not say is asked for, never guessed.
 */
export function setSubject(
  draft: DraftBuilder,
  node: LogNode,
  suggestions: Map<string, JsonValue>,
  warnings: WarningLog,
): void {
  suggestions.set('/subject/kind', 'model')
  const found = findName(node, 'the model', warnings, 4)
  if (found === undefined) return
  const { origin } = found
  const parts = found.value.split('/')
  const [provider = ''] = parts
  const name = parts.at(-1) ?? ''
  if (provider === 'mockllm') {
    warnings.add('mock-model', 'no model was asked: the draft is marked as synthetic')
    setField(draft, '/synthetic', true, origin)
  }
  if (parts.length > 1 && name === 'local') {
    warnings.add('name-withheld', 'the model is a local copy without a name')
    return
  }
  setField(draft, '/subject/name', name, origin)
  const developer = developerOf(parts)
  const platform = platformOf(parts)
  const snapshot = snapshotOf(name)
  if (developer !== undefined) setField(draft, '/subject/developer', developer, origin)
  if (platform !== undefined) setField(draft, '/subject/platform', platform, origin)
  if (snapshot !== undefined) setField(draft, '/subject/version', snapshot, origin)
}

function developerOf(parts: readonly string[]): string | undefined {
  const [provider = '', organisation] = parts
  if (parts.length > 1 && developers.has(provider)) return provider
  return parts.length === 3 && registries.has(provider) ? organisation : undefined
}

function platformOf(parts: readonly string[]): string | undefined {
  const [provider = '', service] = parts
  if (parts.length < 2 || provider === 'openai-api') return undefined
  if (!developers.has(provider)) return provider
  return parts.length > 2 ? service : undefined
}
