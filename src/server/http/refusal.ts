import type { FieldError } from '../../contract/schema.ts'
import type { Permission } from '../../domain/access/permission.ts'
import type { CreateDistributionRefusal } from '../../domain/distribution/create-distribution.ts'
import type { PublishReleaseRefusal } from '../../domain/release/publish-release.ts'
import type { CreateUpgradeActionRefusal } from '../../domain/upgrade/create-upgrade-action.ts'

/** The request itself was no good, or named something that is not there. */
export type RequestRefusal =
  | {
      readonly code: 'malformed-json'
      readonly line: number
      readonly column: number
      readonly message: string
    }
  | { readonly code: 'invalid-request'; readonly errors: readonly FieldError[] }
  | { readonly code: 'body-too-large'; readonly limitBytes: number }
  | { readonly code: 'unauthorised' }
  | { readonly code: 'forbidden'; readonly permission: Permission }
  | { readonly code: 'route-unknown'; readonly path: string }
  | { readonly code: 'method-not-allowed'; readonly allowed: readonly string[] }
  | { readonly code: 'distribution-unknown'; readonly distributionId: string }
  | { readonly code: 'distribution-not-ready'; readonly state: string }
  | {
      readonly code: 'package-not-in-distribution'
      readonly packageType: string
      readonly supported: readonly string[]
    }
  | { readonly code: 'action-unknown'; readonly actionId: number }
  | { readonly code: 'digest-mismatch'; readonly expected: string; readonly actual: string }

/** Every expected "no" of the public API; `error-reply.ts` gives each its status. */
export type ApiRefusal =
  | RequestRefusal
  | CreateDistributionRefusal
  | PublishReleaseRefusal
  | CreateUpgradeActionRefusal
