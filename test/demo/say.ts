import type { Network } from '../network/start-network.ts'
import type { Holding } from './memory.ts'

const started = performance.now()

/** One line of what happens, with the time since the start. Talk goes to stderr. */
export function say(line: string): void {
  const seconds = ((performance.now() - started) / 1_000).toFixed(1).padStart(5)
  process.stderr.write(`${seconds} s  ${line}\n`)
}

/** The closing table and three commands worth trying. */
export async function sayTable(network: Network, holdings: readonly Holding[]): Promise<void> {
  const head = ['institute', 'URL', 'API page', 'findings', 'verified', 'log size']
  const rows = holdings.map(({ institute, findings, verified, logSize }) => [
    Object.values(institute.name)[0] ?? institute.key,
    institute.node.url,
    `${institute.node.url}/v1/docs`,
    String(findings),
    String(verified),
    String(logSize),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => widthOf(row[column] ?? ''))))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))).join('  ')
  process.stderr.write(`\n${[head, ...rows].map(line).join('\n')}\n\n`)
  const folder = (key: string) => `.data/demo/institutes/${key}`
  const [first, second] = network.institutes.map(({ key }) => key)
  process.stderr.write('Three commands worth trying (in another terminal):\n')
  process.stderr.write(`  npm run -s concordance -- search popularity --federated --data ${folder(first ?? '')}\n`)
  process.stderr.write(`  npm run -s concordance -- search --facets --data ${folder(second ?? '')}\n`)
  process.stderr.write(`  npm run -s concordance -- sync status --data ${folder(first ?? '')}\n\n`)
}

/** Columns in a terminal: wide characters take two. */
function widthOf(text: string): number {
  return [...text].reduce(
    (sum, character) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(character) ? 2 : 1),
    0,
  )
}
