import { randomBytes, randomFillSync } from 'node:crypto'

const drawnAtOnce = 4_096
const smallAtMost = 64

/** Cryptographically strong bytes. Small draws share one call of the generator; what was given is wiped from the stock. */
export function createRandom(): (bytes: number) => Uint8Array {
  const stock = Buffer.alloc(drawnAtOnce)
  let used = drawnAtOnce
  return (bytes) => {
    if (bytes > smallAtMost) return randomBytes(bytes)
    if (used + bytes > drawnAtOnce) {
      randomFillSync(stock)
      used = 0
    }
    const drawn = Buffer.from(stock.subarray(used, used + bytes))
    stock.fill(0, used, used + bytes)
    used += bytes
    return drawn
  }
}
