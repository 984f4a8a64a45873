export interface LogWriter {
  close(): Promise<void>
}
