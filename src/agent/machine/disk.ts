/**
 * What launcher and agent do with files, in the words of `node:fs`, which is the one disk of a real
 * machine. The simulator has another, which fails where a test wants it to (`useDisk` in
 * `files.ts`).
 */
import type { Readable, Writable } from 'node:stream'

export type DiskEntry = {
  readonly size: number
  readonly mode: number
  isFile(): boolean
  isDirectory(): boolean
}

type IfThere = { readonly throwIfNoEntry: false }

export type Disk = {
  accessSync(path: string, mode: number): void
  chmodSync(path: string, mode: number): void
  closeSync(descriptor: number): void
  copyFileSync(from: string, to: string, flags: number): void
  createReadStream(path: string): Readable
  createWriteStream(path: string, how: { readonly flags: 'wx'; readonly mode: number }): Writable
  fsyncSync(descriptor: number): void
  linkSync(from: string, to: string): void
  lstatSync(path: string, how: IfThere): DiskEntry | undefined
  mkdirSync(path: string, how: { readonly recursive: true; readonly mode: number }): unknown
  openSync(path: string, flags: 'r' | 'r+' | 'wx' | 'a', mode?: number): number
  readdirSync(path: string): string[]
  readFileSync(path: string): Uint8Array
  readlinkSync(path: string): string
  renameSync(from: string, to: string): void
  rmdirSync(path: string): void
  statfsSync(path: string): { readonly bavail: number; readonly bsize: number }
  statSync(path: string, how: IfThere): DiskEntry | undefined
  unlinkSync(path: string): void
  writeSync(descriptor: number, bytes: Uint8Array, offset: number): number
}
