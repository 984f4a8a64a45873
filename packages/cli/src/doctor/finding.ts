/** What one check came to. */
export interface Finding {
  /** What was looked at. Stable. */
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do; absent where all is well. */
  readonly remedy?: string
}

export function ok(check: string, detail: string): Finding {
  return { check, state: 'ok', detail }
}

export function warn(check: string, detail: string, remedy: string): Finding {
  return { check, state: 'warn', detail, remedy }
}

export function fail(check: string, detail: string, remedy: string): Finding {
  return { check, state: 'fail', detail, remedy }
}

/** Runs one check; one that throws has failed, with the error's own words. */
export async function attempt(check: string, remedy: string, run: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await run()
  } catch (error) {
    return fail(check, (error as Error).message.replaceAll(/\s+/g, ' '), remedy)
  }
}
