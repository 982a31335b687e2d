/**
 * The part of bun's foreign function interface that the lock needs; only bun has it, and only the
 * launcher asks.
 */
declare module 'bun:ffi' {
  export function dlopen(
    library: string,
    symbols: { readonly flock: { readonly args: readonly string[]; readonly returns: string } },
  ): { readonly symbols: { flock(descriptor: number, operation: number): number } }
}
