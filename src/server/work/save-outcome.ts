import type { Writer } from '../../store/open.ts'

/** Saves what became of an effect, in the transaction that ends it. */
export type SaveOutcome = (tx: Writer) => Promise<void>
