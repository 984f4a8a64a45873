import { ExchangeError } from '../error.ts'

/**
 * What a failure of the database, or of the disk beside it, means to a caller. Anything that is not one, such as a
 * broken rule or a fault of our own, is given back as it is.
 */
export function storeErrorOf(error: unknown): unknown {
  if (error instanceof ExchangeError || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (code === '53100' || code === 'ENOSPC' || code === 'EDQUOT') {
    return new ExchangeError('disk-full', 'no space left', { cause: error })
  }
  const lost = /Connection terminated|connection timeout|Client has encountered|not queryable/i.test(error.message)
  if (lost || isOutage(code)) {
    return new ExchangeError('store-unavailable', `the database does not answer (${code || 'no connection'})`, {
      cause: error,
    })
  }
  return error
}

/** SQLSTATE classes of a server that is away, stopping, out of resources or out of time, and errors of the socket. */
function isOutage(code: string): boolean {
  return (
    /^(08|53|57P|58)/.test(code) ||
    ['57014', '55P03', '40001', '40P01', '25P03', '25006', 'XX000', 'XX001'].includes(code) ||
    /^E[A-Z]+$/.test(code)
  )
}
