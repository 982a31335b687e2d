/** Readers that take the name of a file: what they shall read lies in one of this process alone. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function inFile(read: (path: string) => boolean): (bytes: Uint8Array) => boolean {
  let path: string | null = null
  return (bytes) => {
    path ??= newFile()
    writeFileSync(path, bytes)
    return read(path)
  }
}

/** Where there is a file system in memory: thousands of files a second are no disk's business. */
const MEMORY = '/dev/shm'

function newFile(): string {
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'drydock-reader-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'file')
}
