import { firstPath } from './0001-first-path.ts'
import { releasesOfArtifact } from './0002-releases-of-artifact.ts'
import { auditTrail } from './0003-audit-trail.ts'

/** In the order in which they are applied; a published migration never changes. */
export const ALL_MIGRATIONS = [firstPath, releasesOfArtifact, auditTrail] as const
