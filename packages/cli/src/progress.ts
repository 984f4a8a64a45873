import type { Terminal } from './terminal.ts'

export interface Progress {
  readonly report: (progress: { readonly bytesRead: number; readonly bytes: number }) => void
  end(): void
}

const redrawMs = 100
const mebibyte = 1_048_576

/** How far a file is read: one line on stderr for whoever watches, nothing where nobody does. Never 100 % before `end`. */
export function showProgress(terminal: Terminal, doing: string, now: () => number = Date.now): Progress {
  const start = now()
  let shown = start
  let furthest = 0
  return {
    report: ({ bytesRead, bytes }) => {
      furthest = Math.max(furthest, bytesRead)
      if (now() - shown < redrawMs) return
      shown = now()
      const percent = Math.min(99, Math.floor((100 * furthest) / Math.max(1, bytes)))
      const secondsLeft = Math.ceil(((bytes - furthest) * (shown - start)) / Math.max(1, furthest) / 1000)
      const total = (bytes / mebibyte).toFixed(1)
      terminal.status(`${doing}  ${percent} % of ${total} MiB, about ${Math.max(0, secondsLeft)} s left`)
    },
    end: () => terminal.status(''),
  }
}
