import { firstPath } from './0001-first-path.ts'

/** In the order in which they are applied; a published migration never changes. */
export const ALL_MIGRATIONS = [firstPath] as const
