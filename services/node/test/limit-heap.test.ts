import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
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

const asNode = `import { limitHeap } from '${source}'; limitHeap()`

/** What a process of its own prints. */
async function said(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', ...args])
  return stdout
}

/** Prints MiB of the space for new objects: after work, once V8 has taken it back from a quiet process, and after work again. */
const work = `
  const room = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size / 2 ** 20
  const make = () => Array.from({ length: 40_000 }, (_, i) => ({ i }))
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const run = async () => {
    for (let i = 0; i < 40; i++) await around(async () => Array.from({ length: 4 }, make).length)
    return room()
  }
  const sizes = [await run()]
  for (let left = 20; left > 0 && room() > 4; left--) {
    await wait(500)
    runInNewContext('gc')()
  }
  sizes.push(room(), await run())
  process.stdout.write(JSON.stringify(sizes))`

async function roomsIn(around: string): Promise<number[]> {
  const imports = `import { getHeapSpaceStatistics } from 'node:v8'\nimport { runInNewContext } from 'node:vm'`
  return JSON.parse(
    await said(
      '--eval',
      `import { limitHeap, withRoom } from '${source}'\n${imports}\nlimitHeap()\n${around}\n${work}`,
    ),
  )
}

t.test('work that makes much has room for it, also after the process has been quiet', async (t) => {
  const [withoutRoom = [], withRoom = []] = await Promise.all(
    ['const around = (work) => work()', 'const around = withRoom'].map(roomsIn),
  )
  const [first = 0, quiet = 0, again = 0] = withRoom
  t.comment(`${withRoom.join(', ')} MiB instead of ${withoutRoom.join(', ')}`)
  t.ok(first >= 8 && again >= 8, 'there is room for each')
  t.ok(quiet <= 4, 'V8 took it back meanwhile')
  t.ok(Math.max(...withoutRoom) < 8, 'whatever does not ask for room gets none')
})

async function mostOf(preparation: string): Promise<number> {
  return Number(await said('--eval', `${preparation}\n${churn}`))
}

t.test('a process that is a node collects what it has forgotten before it piles up', async (t) => {
  const [limited = 0, free = 0] = await Promise.all([asNode, ''].map(mostOf))
  t.comment(`${limited} MiB instead of ${free}`)
  t.ok(limited < free * 0.75)
})

/** Prints whether what runs often is compiled for speed: while the process starts, and when the start is over. */
const repeat = `
  const sum = (values) => values.reduce((all, one) => all + one, 0)
  const values = Array.from({ length: 100 }, (_, i) => i)
  const run = () => { for (let i = 0; i < 20_000; i++) sum(values) }
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const isCompiled = async () => {
    run()
    await wait(200)
    run()
    return (%GetOptimizationStatus(sum) & 16) !== 0
  }
  const inStart = await isCompiled()
  await wait(2_500)
  process.stdout.write(JSON.stringify([inStart, await isCompiled()]))`

async function compiledIn(preparation: string): Promise<unknown> {
  return JSON.parse(await said('--allow-natives-syntax', '--eval', `${preparation}\n${repeat}`))
}

t.test('a process that is a node compiles nothing for speed while it starts, and everything later', async (t) => {
  const [node, other] = await Promise.all([asNode, ''].map(compiledIn))
  t.strictSame(node, [false, true])
  t.strictSame(other, [true, true], 'any other process does from the beginning')
})
