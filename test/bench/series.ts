/** One measured quantity over several rounds. */
export interface Series {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly values: readonly number[]
}

/** A figure beside its limit, both measured in the same run. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly measured: Series
  readonly limit?: { readonly name: string; readonly series: Series }
  /** `measured / limit` round by round; absent where there is no limit. */
  readonly ratio?: Series
  /** As the ratio (or, without one, the figure) has to be. */
  readonly target?: { readonly text: string; readonly holds: boolean }
}

export function seriesOf(values: readonly number[]): Series {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: medianOf(sorted), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN, values }
}

/** Runs both in turn, A B A B …, so that a machine that slows down slows both. */
export async function interleave(
  rounds: number,
  measured: (round: number) => Promise<number>,
  limit: (round: number) => Promise<number>,
): Promise<{ measured: Series; limit: Series; ratio: Series }> {
  const [a, b]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    a.push(await measured(round))
    b.push(await limit(round))
  }
  const ratio = seriesOf(a.map((value, round) => value / (b[round] as number)))
  return { measured: seriesOf(a), limit: seriesOf(b), ratio }
}

/** The whole table, as people read it. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${format(figure.measured)} ${figure.unit}`,
    figure.limit ? `${figure.limit.name}: ${format(figure.limit.series)} ${figure.unit}` : '',
    figure.ratio ? format(figure.ratio) : '',
    figure.target ? `${figure.target.holds ? 'holds' : 'MISSED'} (${figure.target.text})` : '',
  ])
  const head = ['figure', 'measured: median [min … max]', 'limit in the same run', 'ratio', 'target']
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function format({ median, min, max, values }: Series): string {
  const round = (value: number) =>
    Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
  return values.length === 1 ? round(median) : `${round(median)} [${round(min)} … ${round(max)}]`
}

function medianOf(sorted: readonly number[]): number {
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle] as number
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}
