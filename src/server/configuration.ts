/**
 * The settings of the instance as this server knows them: read again within seconds, so that a
 * change made at another server is soon true here, and at once after one of its own.
 */
import type { Clock } from '../base/clock.ts'
import type { Configuration } from '../domain/configuration/configuration.ts'
import { loadConfiguration } from '../store/configuration.ts'
import type { Database } from '../store/open.ts'

/** A setting that another server changed is obeyed here after this long at the latest. */
export const CONFIGURATION_FRESH_MS = 3_000

export type LiveConfiguration = {
  current(): Promise<Configuration>
  /** After a change: the next question reads it anew. */
  forget(): void
}

export function createLiveConfiguration(needs: {
  readonly database: Pick<Database, 'read'>
  readonly clock: Pick<Clock, 'monotonic'>
}): LiveConfiguration {
  let loading: Promise<Configuration> | null = null
  let loadedAt = Number.NEGATIVE_INFINITY
  return {
    current() {
      const now = needs.clock.monotonic()
      if (loading !== null && now - loadedAt < CONFIGURATION_FRESH_MS) return loading
      const fresh = loadConfiguration(needs.database.read)
      loading = fresh
      loadedAt = now
      fresh.catch(() => {
        // Best effort: whoever asked meets the fault; whoever asks next tries again.
        if (loading === fresh) loading = null
      })
      return fresh
    },
    forget() {
      loading = null
    },
  }
}
