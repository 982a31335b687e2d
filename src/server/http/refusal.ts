import type { FieldError } from '../../contract/schema.ts'
import type { Permission } from '../../domain/access/permission.ts'
import type { ChangeConfigurationRefusal } from '../../domain/configuration/configuration.ts'
import type { CreateDistributionRefusal } from '../../domain/distribution/create-distribution.ts'
import type { UpdateDistributionRefusal } from '../../domain/distribution/update-distribution.ts'
import type { WithdrawReleasesRefusal } from '../../domain/release/withdraw-releases.ts'
import type { SteerRefusal } from '../../domain/rollout/steer-rollout.ts'
import type { TryAgainRefusal } from '../../domain/rollout/try-again.ts'
import type { CreateUpgradeActionRefusal } from '../../domain/upgrade/create-upgrade-action.ts'
import type { PublishRefusal } from '../publish-release.ts'
import type { AccessRefusal } from './access-refused.ts'
import type { CertificateRefusal } from './certificate-refused.ts'
import type { EndpointRefusal } from './endpoint-refused.ts'
import type { BodyRefusal } from './exchange.ts'
import type { MalformedJson } from './json.ts'
import type { PolicyRefusal } from './policy-refused.ts'

/** The request itself was no good, or named something that is not there. */
export type RequestRefusal =
  | MalformedJson
  | BodyRefusal
  | { readonly code: 'invalid-request'; readonly errors: readonly FieldError[] }
  | { readonly code: 'unauthorised' }
  | { readonly code: 'forbidden'; readonly permission: Permission }
  | { readonly code: 'scope-too-narrow' }
  | { readonly code: 'link-invalid'; readonly isExpired: boolean }
  | { readonly code: 'route-unknown'; readonly path: string }
  | { readonly code: 'method-not-allowed'; readonly allowed: readonly string[] }
  | { readonly code: 'distribution-unknown'; readonly distributionId: string }
  | {
      readonly code: 'distribution-not-ready'
      readonly state: string
      readonly message: string | null
    }
  | {
      readonly code: 'package-not-in-distribution'
      readonly packageType: string
      readonly supported: readonly string[]
    }
  | { readonly code: 'action-unknown'; readonly actionId: number }
  | { readonly code: 'too-many-verifications'; readonly limit: number }
  | { readonly code: 'too-many-streams'; readonly limit: number; readonly of: 'key' | 'server' }
  | { readonly code: 'digest-mismatch'; readonly expected: string; readonly actual: string }

/** Every expected "no" of the public API; `error-reply.ts` gives each its status. */
export type ApiRefusal =
  | RequestRefusal
  | AccessRefusal
  | EndpointRefusal
  | CertificateRefusal
  | CreateDistributionRefusal
  | UpdateDistributionRefusal
  | ChangeConfigurationRefusal
  | PublishRefusal
  | WithdrawReleasesRefusal
  | CreateUpgradeActionRefusal
  | SteerRefusal
  | PolicyRefusal
  | TryAgainRefusal
