/**
 * The tables, as Kysely sees them; `migrations/` makes them. Times are milliseconds UTC as int8,
 * digests and ids are hexadecimal text, JSON columns are written as text and read back parsed.
 */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely'
import type { Json } from './json-column.ts'
import type { DerivedPartTable, ImageBlobTable, ImageTable } from './tables-of-releases.ts'
import type {
  RolloutTable,
  UpgradeActionTable,
  UpgradePolicyOrderTable,
  UpgradePolicyTable,
  UpgradeTable,
} from './tables-of-upgrades.ts'

export type SettingTable = { readonly name: string; readonly value: Json<unknown> }

export type ApiKeyTable = {
  readonly id: Generated<number>
  readonly name: string
  readonly mode: 'standard' | 'advanced'
  readonly role: string
  /** SHA-256 of the key. */
  readonly key_digest: string
  /**
   * Advanced keys only: the SHA-256 chaining value after the key, sealed with the instance secret.
   */
  readonly sealed_state: Buffer | null
  readonly created_at: number
  readonly expires_at: number | null
  readonly revoked_at: number | null
  readonly last_used_at: number | null
  readonly created_by: string
  /** Null: all endpoints. */
  readonly scope: Json<unknown> | null
  readonly user_email: string | null
  /** Of the secret before the last rotation, which is taken until then; null: there is none. */
  readonly previous_digest: string | null
  readonly previous_state: Buffer | null
  readonly previous_until: number | null
}

export type RoleTable = {
  /** The name by which it is found (`roleKey`). */
  readonly key: string
  readonly name: string
  readonly description: string
  readonly permissions: Json<readonly string[]>
  readonly created_by: string
  readonly created_at: number
  readonly updated_at: number | null
}

export type UserAccountTable = {
  readonly email: string
  readonly first_name: string
  readonly last_name: string
  readonly role: string | null
  readonly scope: Json<unknown> | null
  readonly created_by: string
  readonly created_at: number
}

export type UserGroupTable = {
  readonly key: string
  readonly name: string
  readonly description: string
  readonly role: string | null
  readonly created_at: number
  readonly updated_at: number | null
}

export type UserGroupMemberTable = { readonly group_key: string; readonly email: string }

export type SigningKeyTable = {
  readonly key_id: string
  readonly public_key: string
  /** PKCS#8, sealed with the instance secret. */
  readonly sealed_private: Buffer
  readonly created_at: number
}

export type PackageKeyTable = {
  readonly key_id: string
  /** PKCS#8, sealed with the instance secret. */
  readonly sealed_private: Buffer
  readonly created_at: number
}

export type AndroidKeyTable = {
  readonly key_id: string
  /** PKCS#8, sealed with the instance secret. */
  readonly sealed_private: Buffer
  /** DER. */
  readonly certificate: Buffer
  readonly created_at: number
}

export type CodeCertificateTable = {
  readonly purpose: 'windows' | 'macos'
  readonly certificate_id: string
  readonly subject: string
  readonly issuer: string
  readonly not_before: number
  readonly not_after: number
  /** DER in base64, the signer's own first. */
  readonly chain: Json<readonly string[]>
  /** PKCS#8, sealed with the instance secret. */
  readonly sealed_private: Buffer
  readonly created_at: number
  readonly created_by: string
}

export type ArtifactTable = {
  readonly digest: string
  readonly size: number
  readonly md5: string
  readonly gzip_digest: string
  readonly gzip_size: number
  /** When it was last stored, or last asked for before it was in a release. */
  readonly created_at: number
}

export type ReleaseTable = {
  readonly manifest_digest: string
  readonly version: string
  readonly platform: string
  readonly arch: string
  readonly libc: string
  /** The signed envelope, byte for byte as agents get it. */
  readonly envelope: Buffer
  readonly notes: string | null
  readonly published_at: number
  readonly published_by: string
  readonly withdrawn_at: number | null
  readonly withdrawn_by: string | null
  readonly withdrawn_reason: string | null
  /** What an endpoint must have at least; null: nothing. */
  readonly floors: ColumnType<unknown, string | null, string | null>
}

export type ReleaseArtifactTable = {
  readonly manifest_digest: string
  readonly artifact_digest: string
}

export type DistributionTable = {
  readonly id: string
  /** As it is called now; `order` keeps what it was ordered as. */
  readonly name: string
  /** Its name while it holds that for itself: unique. Null when it was deleted. */
  readonly name_key: string | null
  readonly description: string | null
  readonly kind: string
  readonly platform: string
  readonly version: string
  readonly order: Json<unknown>
  readonly state: string
  readonly reason: string | null
  readonly message: string | null
  /** How often its token was revoked: the token is derived from the id and this. */
  readonly generation: Generated<number>
  readonly token_digest: string
  readonly enrolments_max: number | null
  readonly enrol_until: number | null
  readonly created_by: string
  readonly created_at: number
  readonly modified_at: number
}

/** Tokens of live distributions that are refused by a name of their own. */
export type RevokedTokenTable = {
  readonly token_digest: string
  readonly distribution_id: string
  readonly revoked_at: number
}

export type PackageTable = {
  readonly distribution_id: string
  readonly format: string
  readonly arch: string
  readonly file_name: string
  readonly size: number
  /** The segment list, sealed: its own bytes hold the enrolment token. */
  readonly sealed_segments: Buffer
  /** The list it was compressed with; null for one that is older than models. */
  readonly model_key: string | null
  /** Names the package's bytes: SHA-256 of the segment list. */
  readonly segments_digest: string
  /** SHA-256 of the package's bytes; null until somebody asked for it. */
  readonly sha256: string | null
}

export type PackageModelTable = {
  /** SHA-256 of the format and the manifests of its builds. */
  readonly key: string
  readonly sealed: Buffer
  readonly created_at: number
}

export type EndpointTable = {
  readonly id: string
  readonly distribution_id: string
  readonly credential_digest: string
  readonly platform: string
  readonly arch: string
  readonly libc: string
  readonly version: string | null
  readonly manifest_digest: string | null
  readonly hostname: string
  readonly machine_id: string
  readonly facts: Json<unknown>
  readonly facts_digest: string
  readonly health: Json<unknown>
  readonly skipped: Json<unknown>
  /** Of what its last check-in said that is kept (domain/endpoint/fingerprint.ts). */
  readonly fingerprint: string
  readonly run_id: string
  readonly previous_run_id: string | null
  readonly public_address: string | null
  readonly alias: string
  readonly server_tags: Json<readonly string[]>
  readonly first_seen: number
  readonly deleted_at: number | null
  /** UID of the DaemonSet whose pod it is; null: on a machine of its own, or not known yet. */
  readonly cluster: string | null
  /** The database's own copy of what `health` says, to find it by. */
  readonly health_status: GeneratedAlways<string>
}

/**
 * The tags of each endpoint, the server's and the agent's, to find it by: kept by a trigger, and
 * only ever read.
 */
export type EndpointTagTable = {
  readonly endpoint_id: GeneratedAlways<string>
  readonly tag: GeneratedAlways<string>
  readonly first_seen: GeneratedAlways<number>
  /** Whether the endpoint is not deleted. */
  readonly is_listed: GeneratedAlways<boolean>
}

/**
 * Narrow and without an index of its own on time: it is the one row that each endpoint writes
 * often.
 */
export type LivenessTable = { readonly endpoint_id: string; readonly last_seen: number }

/** The tags that the server gives; which endpoints have them stands in their rows. */
export type ServerTagTable = {
  readonly name: string
  readonly created_at: number
  readonly created_by: string
}

/** Effects: what must happen outside the database, written in the transaction that wants it. */
export type OutboxTable = {
  readonly id: Generated<number>
  readonly kind: string
  readonly subject: string
  readonly created_at: number
  /** Not before; moved ahead by a lease and by back-off. */
  readonly due_at: number
  readonly attempts: number
  readonly last_error: string | null
}

export type LeaseTable = {
  readonly name: string
  readonly owner: string
  readonly until: number
}

export type AuditTable = {
  readonly id: Generated<number>
  readonly at: number
  readonly actor: string
  readonly email: string | null
  readonly role: string | null
  readonly address: string | null
  readonly user_agent: string | null
  readonly action: string
  readonly subject: string
  readonly result: 'success' | 'failure'
  readonly reason: string | null
  readonly description: string
  readonly before: ColumnType<unknown, string | null, never>
  readonly after: ColumnType<unknown, string | null, never>
  /** Its place in the chain; null until it is sealed, and never changed again. */
  readonly sequence: ColumnType<number | null, never, number>
  readonly hash: ColumnType<string | null, never, string>
  /** What a reader finds it by (domain/audit/area.ts). */
  readonly area: Generated<string>
  readonly verb: Generated<string>
}

/** One row: the end of the chain of audit entries, and its MAC. */
export type AuditHeadTable = {
  readonly name: string
  readonly sequence: number
  readonly hash: string
  readonly mac: string
}

export type EventTable = {
  readonly id: Generated<number>
  /** Null until it is sealed: readers see events by position only. */
  readonly position: ColumnType<number | null, never, number>
  readonly at: number
  readonly type: string
  readonly endpoint_id: string | null
  readonly action_id: number | null
  readonly body: Json<unknown>
}

/** One row: the last position that was given. */
export type EventHeadTable = { readonly name: string; readonly position: number }

export type AgentReportTable = {
  readonly id: Generated<number>
  readonly at: number
  readonly endpoint_id: string
  readonly endpoint_name: string
  readonly domain: string
  readonly version: string
  readonly kind: string
  readonly result: string
  readonly reason: string | null
  readonly message: string | null
  readonly severity: string
}

export type Tables = {
  readonly setting: SettingTable
  readonly api_key: ApiKeyTable
  readonly role: RoleTable
  readonly user_account: UserAccountTable
  readonly user_group: UserGroupTable
  readonly user_group_member: UserGroupMemberTable
  readonly signing_key: SigningKeyTable
  readonly package_key: PackageKeyTable
  readonly android_key: AndroidKeyTable
  readonly code_certificate: CodeCertificateTable
  readonly artifact: ArtifactTable
  readonly release: ReleaseTable
  readonly release_artifact: ReleaseArtifactTable
  readonly derived_part: DerivedPartTable
  readonly image: ImageTable
  readonly image_blob: ImageBlobTable
  readonly distribution: DistributionTable
  readonly revoked_token: RevokedTokenTable
  readonly package: PackageTable
  readonly package_model: PackageModelTable
  readonly endpoint: EndpointTable
  readonly endpoint_tag: EndpointTagTable
  readonly liveness: LivenessTable
  readonly upgrade_action: UpgradeActionTable
  readonly upgrade: UpgradeTable
  readonly rollout: RolloutTable
  readonly upgrade_policy: UpgradePolicyTable
  readonly upgrade_policy_order: UpgradePolicyOrderTable
  readonly server_tag: ServerTagTable
  readonly outbox: OutboxTable
  readonly lease: LeaseTable
  readonly audit: AuditTable
  readonly audit_head: AuditHeadTable
  readonly event: EventTable
  readonly event_head: EventHeadTable
  readonly agent_report: AgentReportTable
}
