import { setFlagsFromString } from 'node:v8'

/**
 * Keeps the space for new objects from growing to 128 MiB, as it would while a log is copied: what a page leaves behind
 * is collected sooner instead, at the same speed. For a process that is a node and nothing else; call it first.
 */
export function limitYoungHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
