import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'

const source = join(import.meta.dirname, '..', 'src', 'limit-heap.ts')

/** Keeps 20 MB in use, lets each of 150 others grow old and forgets it. Prints the most that the heap held, in MiB. */
const churn = `
  const kept = [], window = []
  const make = () => Array.from({ length: 40_000 }, (_, i) => ({ i }))
  for (let i = 0; i < 10; i++) kept.push(make())
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  let most = 0
  for (let i = 0; i < 150; i++) {
    window.push(make())
    if (window.length > 4) window.shift()
    most = Math.max(most, process.memoryUsage().heapTotal)
    await new Promise((resolve) => setImmediate(resolve))
  }
  process.stdout.write(String(Math.round(most / 2 ** 20)))`

function mostOf(preparation: string): number {
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', `${preparation}\n${churn}`], { encoding: 'utf8' }),
  )
}

t.test('a process that is a node collects what it has forgotten before it piles up', async (t) => {
  const limited = mostOf(`import { limitHeap } from '${source}'; limitHeap()`)
  const free = mostOf('')
  t.comment(`${limited} MiB instead of ${free}`)
  t.ok(limited < free * 0.75)
})
