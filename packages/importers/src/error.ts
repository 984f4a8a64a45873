/** Stable: the command, the node and the console branch on the code and never on a message. */
export type ImportErrorCode =
  | 'FILE_UNREADABLE' // cannot be opened or read
  | 'FILE_NOT_REGULAR' // a folder, pipe or device
  | 'FILE_EMPTY'
  | 'FILE_CHANGED' // written to while it was read
  | 'POINTER_ONLY' // a Git LFS or git-annex pointer: the content is elsewhere
  | 'FORMAT_UNKNOWN'
  | 'FORMAT_AMBIGUOUS' // members of two formats at once
  | 'FORMAT_VERSION' // a version of the format this importer was not written for
  | 'INSTANCES_ONLY' // single answers of Every Eval Ever; the aggregate record is another file
  | 'JSON_MALFORMED'
  | 'JSON_TRUNCATED'
  | 'JSON_DUPLICATE' // one object names a member twice
  | 'JSON_TOO_DEEP'
  | 'JSON_TOO_LARGE' // more allowed text or members than any real log has
  | 'JSON_ENCODING' // not UTF-8, or with a byte order mark
  | 'ARCHIVE_MALFORMED'
  | 'ARCHIVE_TRUNCATED'
  | 'ARCHIVE_PATH' // an entry name that leads out of the archive
  | 'ARCHIVE_LINK' // an entry that is a link or a device
  | 'ARCHIVE_DUPLICATE' // two entries of one name
  | 'ARCHIVE_ENCRYPTED'
  | 'ARCHIVE_METHOD' // neither stored, deflate nor zstd without dictionary
  | 'ARCHIVE_LIES' // headers, sizes or positions that contradict each other or the data
  | 'ARCHIVE_BOMB' // more entries, bytes or memory than any real log needs
  | 'ARCHIVE_CHECKSUM'
  | 'RUN_NOT_FINISHED' // still running, or ended before there were results
  | 'RUN_UNSCORED' // finished without scores
  | 'NO_MEASURES' // no metric could be taken over exactly; the warnings say why
  | 'LOG_INCONSISTENT' // the log contradicts itself
  | 'FIELD_MISSING'
  | 'FIELD_MALFORMED'
  | 'ANSWERS_INVALID' // an answer to no question, of the wrong form, or against what the log says
  | 'IMPORT_TIMEOUT'
  | 'IMPORT_MEMORY'
  | 'IMPORT_FAILED' // a fault of the importer itself

/** Messages name fields and positions, never what stands in them. */
export class ImportError extends Error {
  override readonly name = 'ImportError'
  readonly code: ImportErrorCode

  constructor(code: ImportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
