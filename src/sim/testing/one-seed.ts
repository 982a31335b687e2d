/** A seed in a database of its own. */
import { createTestDatabase, TEMPLATE } from '../../store/testing/database.ts'
import type { VersionKind } from '../bad-versions.ts'
import { runSeed, type SeedOutcome } from '../fleet/run-seed.ts'

/** `kind`: of the version that may be bad; absent: the seed says it. */
export async function runSeedAlone(seed: string, kind?: VersionKind): Promise<SeedOutcome> {
  await using empty = await createTestDatabase(TEMPLATE)
  return await runSeed(seed, {
    connection: empty.connection,
    ...(kind === undefined ? {} : { kind }),
  })
}

/** What somebody does who wants to see it again. */
export function replayOf(seed: string): string {
  return `npm run sim -- --seed ${seed}`
}
