import { hash } from 'node:crypto'
import { closeSync, fdatasync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Guard, GuardState, TreeHead } from '../deps.ts'
import { ExchangeError } from '../error.ts'

const slotBytes = 512
/** Two slots a register, written in turn: a write that is cut off leaves the one before it readable. */
const registers = { intent: 0, sealed: 2 } as const
const fileBytes = 4 * slotBytes
const sync = promisify(fdatasync)

type Register = keyof typeof registers
interface Slot {
  readonly seq: number
  readonly heads: (TreeHead | null)[]
}

/**
 * The guard: a small file outside the database that knows the newest heads of our own log, so that a database restored
 * from an old backup, or failed over to a standby that lags, is noticed before a second history is signed.
 *
 * One file for one log: processes that append to the same log share it. Reads go to the file each time for that reason.
 * Each register has one writer at a time, whoever holds the lock that its method names.
 *
 * @throws {ExchangeError} `guard-damaged` when the file cannot be opened or made.
 */
export function openGuard(path: string): Guard {
  const fd = openFile(path)
  return {
    read: () => readState(fd),
    async intend(prev, last) {
      writeSlot(fd, 'intent', [prev, last])
      await sync(fd)
    },
    seal(head) {
      writeSlot(fd, 'sealed', [head])
    },
    close: () => closeSync(fd),
  }
}

/** Undefined when nothing was ever written: a new file. A file that holds something unreadable gives a state without heads. */
function readState(fd: number): GuardState | undefined {
  const file = readFile(fd)
  if (file.every((byte) => byte === 0)) return undefined
  const [prev, last] = newestOf(file, 'intent')?.heads ?? []
  const [sealed] = newestOf(file, 'sealed')?.heads ?? []
  return { prev: prev ?? undefined, last: last ?? undefined, sealed: sealed ?? undefined }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return createFile(path)
    throw damaged(error)
  }
}

/** Written in full at once, so that later writes need no space; the folder is synced so that the name survives too. */
function createFile(path: string): number {
  try {
    const fd = openSync(path, 'wx+', 0o600)
    writeSync(fd, Buffer.alloc(fileBytes), 0, fileBytes, 0)
    fsyncSync(fd)
    const folder = openSync(dirname(path), 'r')
    fsyncSync(folder)
    closeSync(folder)
    return fd
  } catch (error) {
    throw damaged(error)
  }
}

function readFile(fd: number): Buffer {
  const file = Buffer.alloc(fileBytes)
  readSync(fd, file, 0, fileBytes, 0)
  return file
}

function writeSlot(fd: number, register: Register, heads: TreeHead[]): void {
  const seq = (newestOf(readFile(fd), register)?.seq ?? 0) + 1
  const text = JSON.stringify({ seq, heads })
  const slot = Buffer.alloc(slotBytes, ' ')
  slot.write(`${checksumOf(text)} ${text}\n`)
  writeSync(fd, slot, 0, slotBytes, (registers[register] + (seq % 2)) * slotBytes)
}

function newestOf(file: Buffer, register: Register): Slot | undefined {
  const slots = [0, 1].map((turn) => parseSlot(file, registers[register] + turn))
  return slots.filter((slot) => slot !== undefined).sort((a, b) => b.seq - a.seq)[0]
}

function parseSlot(file: Buffer, index: number): Slot | undefined {
  const [line = ''] = file.toString('utf8', index * slotBytes, (index + 1) * slotBytes).split('\n')
  const text = line.slice(65)
  return text !== '' && line.slice(0, 64) === checksumOf(text) ? JSON.parse(text) : undefined
}

function checksumOf(text: string): string {
  return hash('sha256', text, 'hex')
}

function damaged(cause: unknown): ExchangeError {
  return new ExchangeError('guard-damaged', 'the guard file cannot be opened', { cause })
}
