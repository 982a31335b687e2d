/**
 * The installation's own id, by which a reinstalled agent gets its old endpoint back. Below a
 * `--root` folder it is made when there is none, so that many agents on one machine are many
 * endpoints; a real machine's id is its own business and is never written.
 */
import { dirname } from 'node:path'
import { toHex, utf8 } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import type { Layout } from '../layout.ts'
import { makeFolder, readIfThere, writeDurably } from '../machine/files.ts'
import type { Machine } from './machine.ts'

export function machineId(layout: Layout, machine: Pick<Machine, 'ownId'>, random: Random): string {
  if (layout.root === '') return machine.ownId()
  const found = readMachineId(layout.machineId)
  if (found !== '') return found
  const made = toHex(random.bytes(16))
  makeFolder(dirname(layout.machineId))
  writeDurably(layout.machineId, utf8(`${made}\n`), 0o644)
  return made
}

/** The id that a file like machine-id(5) holds; empty when it holds none. */
export function readMachineId(path: string): string {
  const bytes = readIfThere(path, 4096)
  // Not as strict UTF-8, which throws: a file full of something else is one without an id.
  const text = bytes === null ? '' : Buffer.from(bytes).toString('latin1').trim()
  // machine-id(5): 32 hexadecimal characters; `uninitialized` in an image that was never booted.
  return /^[0-9a-f]{32}$/.test(text) ? text : ''
}
