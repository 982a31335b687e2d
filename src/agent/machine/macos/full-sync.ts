/**
 * fsync(2) on macOS hands bytes to the disk, which may keep them in its cache and lose them with
 * the power; F_FULLFSYNC has the disk itself write them (fcntl(2)). It takes no further argument,
 * so that nothing depends on how a variadic function is called.
 */
import { LIB_SYSTEM } from './processes.ts'

const F_FULLFSYNC = 51

/** Best effort: a volume that does not know it (of a network, FAT) has done what fsync does. */
export async function openFullSync(): Promise<(descriptor: number) => void> {
  const { dlopen } = await import('bun:ffi')
  const { fcntl } = dlopen(LIB_SYSTEM, { fcntl: { args: ['int', 'int'], returns: 'int' } }).symbols
  return (descriptor) => void fcntl(descriptor, F_FULLFSYNC)
}
