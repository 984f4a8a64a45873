/** Every bound an import has. `docs/importers.md` explains each. */
export const limits = {
  /** Longest wall time of one import in its thread. */
  timeoutMs: 600_000,
  /** Heap of the thread; buffers come on top, one of `chunkBytes` and the window of a decoder. */
  heapMib: 160,
  chunkBytes: 512 * 1024,
  /** Nesting of arrays and objects, skipped ones included. */
  jsonDepth: 1_000,
  /** Characters of one allowed string; longer ones are taken as absent. */
  textLength: 4_096,
  /** Bytes of one number, literal or member name. */
  tokenBytes: 1_024,
  /** Members of one object in which names are compared, and the characters of their names together. */
  objectMembers: 100_000,
  objectNameCharacters: 1024 * 1024,
  /** Values kept from one file, and the characters of the texts among them. */
  keptValues: 100_000,
  keptCharacters: 4 * 1024 * 1024,
  archiveEntries: 262_144,
  /** Bytes a read entry may unfold to. */
  entryBytes: 1024 * 1024 * 1024,
  /** How far a read entry may unfold, once it is larger than `ratioFreeBytes`. */
  entryRatio: 250,
  ratioFreeBytes: 16 * 1024 * 1024,
  /** Memory a zstd frame may ask for, as a power of two. */
  zstdWindowLog: 27,
  zstdFrames: 65_536,
  drafts: 200,
  measures: 500,
  questions: 12,
  nameLength: 200,
  numberTokenLength: 64,
} as const
