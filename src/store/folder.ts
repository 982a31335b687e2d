/**
 * What the file system says, in our words, and how to make a change of a folder outlive a power
 * cut.
 */
import { open } from 'node:fs/promises'
import { causeChain, Fault } from '../base/fault.ts'

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

export function isMissing(cause: unknown): boolean {
  return codeOf(cause) === 'ENOENT'
}

/**
 * Renames, links and removals in a folder are durable only once the folder itself has been flushed.
 */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}

/** A full disk has a code of its own, whoever noticed it: it is what a person has to know. */
export function folderFault(fault: {
  readonly code: string
  readonly doing: string
  readonly cause: unknown
}): Fault {
  if (fault.cause instanceof Fault) return fault.cause
  const { doing, cause } = fault
  return isDiskFull(cause)
    ? new Fault({ code: 'disk-full', doing, retry: 'later', cause })
    : new Fault({ ...fault, retry: 'later' })
}

function isDiskFull(cause: unknown): boolean {
  const code = codeOf(cause)
  if (code === 'ENOSPC' || code === 'EDQUOT') return true
  return /No space left on device|Disk quota exceeded/.test(causeChain(cause).join('\n'))
}
