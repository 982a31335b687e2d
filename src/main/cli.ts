/**
 * The `drydock` command. Everything runs from its TypeScript; what Node makes of it is kept in the
 * checkout, so that every start but the first is several times as fast. Not in Node's own place for
 * it: that is the machine's temporary folder, where somebody else could put code for root to run.
 * A checkout that cannot be written to works without.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/drydock'))
// What is imported before the cache is there is not taken from it.
await import('./cli-process.ts')
