/** The day at the end of `claude-sonnet-4-20250514`, `gpt-4.1-2025-04-14` or `claude-3-5-sonnet@20240620`. */
export function snapshotOf(name: string): string | undefined {
  return /[-@](20\d{2}-?\d{2}-?\d{2})$/.exec(name)?.[1]
}
