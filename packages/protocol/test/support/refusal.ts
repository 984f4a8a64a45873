import { ProtocolError } from '../../src/index.ts'

/** The code a call is refused with, or `accepted`. Anything but our own error is thrown on: it would be a crash. */
export function verdictOf(call: () => unknown): string {
  try {
    call()
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}

export async function verdictOfAsync(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
    return 'accepted'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}
