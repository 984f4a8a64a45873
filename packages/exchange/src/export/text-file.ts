/** A small file that is taken away. */
export interface TextFile {
  readonly text: string
  readonly mediaType: string
  /** Fixed: nothing of a record is in it. */
  readonly fileName: string
}
