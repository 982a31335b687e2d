/**
 * What the calls into Windows have in common. Types are those of Microsoft's documentation of each
 * function: handles and sizes of pointers are `u64`, buffers and texts `ptr`.
 */
import { Fault } from '../../../base/fault.ts'

/** INVALID_HANDLE_VALUE of CreateFileW: -1 as 64 bits. */
export const INVALID_HANDLE = 0xffff_ffff_ffff_ffffn

/** A text as the functions that end in W take it: UTF-16 with a zero at its end. */
export function wide(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, 'utf16le')
}

/** What such a function wrote into a buffer, up to the first zero. */
export function fromWide(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf16le')
  return text.split('\0')[0] ?? ''
}

/** A call that must not fail did; `code` is what GetLastError or the call itself says. */
export function failedCall(name: string, code: number): Fault {
  return new Fault({ code: 'windows-call', doing: `${name} (error ${code})`, retry: 'later' })
}
