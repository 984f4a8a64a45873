import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { inspectLog } from './logs.ts'
import { endRecord } from './zip-file.ts'

const sampleBytes = 1024 * 1024

/** Writes an Inspect archive of about `mebibytes` MiB: one sample of 1 MiB for each, stored, and a header. */
export function writeLargeArchive(path: string, mebibytes: number): void {
  const file = openSync(path, 'w')
  const sample = randomBytes(sampleBytes)
  const checksum = crc32(sample)
  const directory: Buffer[] = []
  let offset = 0
  const add = (name: string, data: Buffer, crc: number) => {
    const local = headerOf(0x04034b50, 30, name, data.length, crc)
    const listed = headerOf(0x02014b50, 46, name, data.length, crc)
    listed.writeUInt32LE(offset, 42)
    directory.push(listed)
    writeSync(file, Buffer.concat([local]))
    writeSync(file, data)
    offset += local.length + data.length
  }
  for (let index = 0; index < mebibytes; index++) add(`samples/${index}_epoch_1.json`, sample, checksum)
  const header = Buffer.from(JSON.stringify(largeLog(mebibytes)))
  add('header.json', header, crc32(header))
  const listing = Buffer.concat(directory)
  writeSync(file, listing)
  writeSync(file, endRecord(mebibytes + 1, listing.length, offset))
  closeSync(file)
}

function largeLog(samples: number): object {
  const score = 'results.scores.0'
  return inspectLog({
    'eval.dataset.samples': samples,
    'results.total_samples': samples,
    'results.completed_samples': samples,
    [`${score}.scored_samples`]: samples,
    [`${score}.metrics.accuracy.value`]: 0.5,
  })
}

/** The fields that local headers and directory records share, stored and without times. */
function headerOf(signature: number, bytes: number, name: string, size: number, crc: number): Buffer {
  const header = Buffer.alloc(bytes + name.length)
  const shift = bytes === 46 ? 2 : 0 // directory records have one more version in front
  header.writeUInt32LE(signature, 0)
  header.writeUInt16LE(20, 4 + shift)
  header.writeUInt32LE(crc, 14 + shift)
  header.writeUInt32LE(size, 18 + shift)
  header.writeUInt32LE(size, 22 + shift)
  header.writeUInt16LE(name.length, 26 + shift)
  header.write(name, bytes)
  return header
}
