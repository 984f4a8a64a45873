import { limits } from './limits.ts'

/** Why a text of the log is not taken over: it is then asked for. */
export type NameFault = 'redacted' | 'placeholder' | 'unprintable' | 'too-long' | 'private'

/**
 * Checks a name (of a model, task, metric …) before it may leave: printable, short, and without what tells of the
 * machine or the person: paths, URLs, host and mail addresses. At most one `/` may stand in it for each of
 * `segments - 1`, as in `inspect_evals/arc_easy` and `openai/azure/gpt-4o`.
 */
export function faultOfName(name: string, segments = 3): NameFault | undefined {
  if (isRedacted(name)) return 'redacted'
  if (/^<.*>$/.test(name.trim())) return 'placeholder'
  if (!isPrintable(name)) return 'unprintable'
  if (name.length > limits.nameLength) return 'too-long'
  return tellsOfMachineOrPerson(name, segments) ? 'private' : undefined
}

/** Printable in one line: no control characters, no direction overrides, no invisible characters, no lone surrogates. */
export function isPrintable(text: string): boolean {
  return text.isWellFormed() && text.trim() === text && !/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/u.test(text)
}

function isRedacted(name: string): boolean {
  const bare = name.trim().toLowerCase()
  return bare === '' || /^[.…*_?x#-]{2,}$/.test(bare) || redactions.has(bare.replace(/^[[(<]|[\])>]$/g, ''))
}

const redactions = new Set([
  'redacted',
  'hidden',
  'removed',
  'anonymous',
  'anonymized',
  'none',
  'none/none',
  'null',
  'n/a',
  'unknown',
  '…',
  '...',
])

function tellsOfMachineOrPerson(name: string, segments: number): boolean {
  const parts = name.split('/')
  return (
    parts.length > segments ||
    parts.some((part) => part === '' || part.startsWith('.') || part.startsWith('~')) ||
    /\\|@(?!\d{8}$)|:\/\/|^[A-Za-z]:|\b\d{1,3}(\.\d{1,3}){3}\b|:\d{2,5}(\/|$)|\$\{?[A-Z]/.test(name) ||
    /\.(py|json|ya?ml|gguf|safetensors|bin|pt|ckpt|eval|txt|csv|jsonl)$/i.test(name) ||
    parts.slice(0, -1).some(isHost) ||
    isHostOfKnownEnding(parts.at(-1) ?? '')
  )
}

/** `models.lab` or `localhost` in front of a slash; `qwen2.5` is none, its last label is no word. */
function isHost(part: string): boolean {
  return /^localhost$/i.test(part) || /^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z-]+$/i.test(part)
}

function isHostOfKnownEnding(part: string): boolean {
  return /^(localhost|www\..*|.*\.(com|org|net|io|ai|dev|edu|gov|int|local|internal|intranet|lan|corp|home|cloud|[a-z]{2}\.[a-z]{2}))$/i.test(
    part,
  )
}
