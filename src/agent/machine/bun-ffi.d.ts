/** The part of bun's foreign function interface that we use; only bun has it. */
declare module 'bun:ffi' {
  export type ForeignType = 'void' | 'int' | 'i32' | 'u32' | 'u64' | 'ptr' | 'function'
  /** An address; JavaScript's numbers hold those of 53 bits, which is all that processes have. */
  export type Address = number
  type ForeignValue = number | bigint | null | NodeJS.TypedArray
  type Returned<Type extends ForeignType> = Type extends 'u64'
    ? bigint
    : Type extends 'void'
      ? undefined
      : number

  export type Signature = { readonly args: readonly ForeignType[]; readonly returns: ForeignType }
  export type Functions<Signatures extends Readonly<Record<string, Signature>>> = {
    readonly [Name in keyof Signatures]: (
      ...values: readonly ForeignValue[]
    ) => Returned<Signatures[Name]['returns']>
  }

  export function dlopen<const Signatures extends Readonly<Record<string, Signature>>>(
    library: string,
    signatures: Signatures,
  ): { readonly symbols: Functions<Signatures> }

  /** The address of bytes, which the caller keeps alive and the collector never moves. */
  export function ptr(bytes: NodeJS.TypedArray): Address
  /** The bytes at an address; they are not copied. */
  export function toArrayBuffer(address: Address, offset: number, length: number): ArrayBuffer

  /** A function that foreign code may call; a threadsafe one, from any thread, and later. */
  export class JSCallback {
    constructor(
      act: (...values: number[]) => number | undefined,
      signature: Signature & { readonly threadsafe: boolean },
    )
    readonly ptr: Address
  }
}
