import t from 'tap'
import { faultOfName } from '../src/names.ts'

t.test('names of models, tasks and datasets pass as they are', async (t) => {
  const names = [
    'claude-3-7-sonnet-20250219',
    'ollama/qwen2.5:0.5b',
    'openai/azure/gpt-4o-2024-08-06',
    'inspect_evals/arc_easy',
    'meta-llama/Llama-3.1-8B-Instruct',
    'google/vertex/claude-3-5-sonnet@20240620',
    'bedrock/anthropic.claude-3-haiku-20240307-v1:0',
    'NaturalQuestions (closed-book)',
    '01-ai/yi-34b',
    'MATH Level 5',
    'llama3:70b',
    '多言語安全性',
    'system_message',
  ]
  for (const name of names) t.equal(faultOfName(name, 4), undefined, name)
})

t.test('names that tell of a machine or a person stay home', async (t) => {
  const names = [
    '/home/alice/models/secret',
    '~/models/x',
    './task.py',
    '../x',
    'C:\\Users\\bob\\model',
    'examples/popularity.py@popularity',
    'https://internal.lab/model',
    'alice@institute.example',
    'git@github.com:org/repo',
    'models.internal.lab/llama',
    '10.0.3.7/llama',
    'localhost:8000/llama',
    'localhost',
    'gpu-7.cluster.local',
    'vllm/a/b/c/d/e',
    'hf//mnt/weights',
    '$HOME/x',
    'weights.safetensors',
    'www.example.org',
  ]
  for (const name of names) t.equal(faultOfName(name, 4), 'private', name)
})

t.test('names that hide or confuse are refused', async (t) => {
  for (const name of ['...', '***', '[REDACTED]', 'redacted', 'none/none', ' ', 'Unknown', '…'])
    t.equal(faultOfName(name, 4), 'redacted', name)
  for (const name of ['<Platform>', '<your model>']) t.equal(faultOfName(name), 'placeholder', name)
  for (const name of ['a\u202eb', 'a\u0000b', 'a\nb', 'a\u200bb', 'a\u2066b', 'a\ud800', ' a', 'a\u{e0041}'])
    t.equal(faultOfName(name), 'unprintable', JSON.stringify(name))
  t.equal(faultOfName('n'.repeat(201)), 'too-long')
  t.equal(faultOfName('n'.repeat(200)), undefined)
})
