/** Whether the disk takes a version, asked before its download begins. */
import { Fault } from '../../base/fault.ts'
import type { Layout } from '../layout.ts'
import { freeBytes } from '../machine/files.ts'
import type { MissingFile } from './next-step.ts'

/** Left free beside what the version needs: the machine has other work than ours. */
const DISK_MARGIN_BYTES = 32 * 1024 * 1024

/** `toFetch`: compressed bytes that are not here. */
export function makeSureOfRoom(
  layout: Layout,
  missing: readonly MissingFile[],
  toFetch: number,
): void {
  const unpacked = missing.reduce((sum, { file }) => sum + file.size, 0)
  const needed = toFetch + unpacked + DISK_MARGIN_BYTES
  const free = freeBytes(layout.state)
  if (free >= needed) return
  throw new Fault({
    code: 'disk-full',
    doing: `making room for ${needed} bytes, of which ${free} are free`,
    retry: 'never',
  })
}
