/** Every limit of the public API, in one place; docs/http-status.md tells them to its users. */

/** Of a body, where a call has no limit of its own. */
export const REQUEST_BYTES_MAX = 1024 * 1024

/** Rows of one page, as the original's lists have it. */
export const PAGE_ROWS_MAX = 100
export const FILTERS_MAX = 50
export const FILTER_VALUES_MAX = 5000
export const COLUMNS_MAX = 100

/** Of distributions: the console's length of a name, and ours of what stands beside it. */
export const NAME_CHARACTERS_MAX = 100
export const DESCRIPTION_CHARACTERS_MAX = 1000
export const DISTRIBUTION_TAGS_MAX = 100
export const PROXIES_MAX = 5
export const CLUSTER_NAME_CHARACTERS_MAX = 255
export const NODE_LABELS_MAX = 50
/** What the limit of its enrolments may be: far above any fleet. */
export const ENROLMENTS_MAX = 1_000_000_000
/** Of a release. */
export const NOTES_CHARACTERS_MAX = 10_000

/** The original's console pushes to at most this many at once. */
export const UPGRADE_ENDPOINTS_MAX = 5000
/** As the original's sibling calls on endpoints. */
export const DELETE_ENDPOINTS_MAX = 1000
export const DELETE_TAGS_MAX = 10
/** Endpoints that one call may name or tag, by whatever filters: a whole fleet of this size. */
export const CHANGED_ENDPOINTS_MAX = 100_000
/**
 * How many of them are changed together: their check-ins wait meanwhile, a second on a slow disk.
 * A call that is cut off in between has changed some of them, and is made again.
 */
export const CHANGED_TOGETHER_MAX = 2000
export const ALIAS_CHARACTERS_MAX = 255
/** What a person says of why: shown beside what was done. */
export const REASON_CHARACTERS_MAX = 200
/** Tags that the server gives: of one endpoint, and different ones in all. */
export const ENDPOINT_TAGS_MAX = 100
export const SERVER_TAGS_MAX = 10_000

/**
 * Requests of one API key, on one server: so many a second for as long as it likes, and so many at
 * once after a pause.
 */
export const KEY_REQUESTS_PER_S = 100
export const KEY_REQUESTS_BURST = 1000
/** Of these, worked on at once; the others wait. Half of a server's connections to its database. */
export const KEY_CALLS_AT_ONCE_MAX = 4

/** Verifications of the audit log at once, on one server. */
export const VERIFICATIONS_MAX = 2
/** Open event streams on one server: of one API key, and in all. */
export const KEY_STREAMS_MAX = 10
export const STREAMS_MAX = 200

/** Settings of the instance: the documented ranges, and ours where none is. */
export const PARALLEL_UPGRADES_MAX = 100_000
export const LOST_DAYS_MIN = 2
export const LOST_DAYS_MAX = 60
export const DELETED_DAYS_MIN = 3
export const DELETED_DAYS_MAX = 360
export const EXPIRATION_HOURS_MIN = 24
export const EXPIRATION_HOURS_MAX = 720
export const CLEANUP_INTERVAL_HOURS = [1, 6, 24, 168] as const
export const BANDWIDTH_MBPS_MAX = 10_000
export const CLOSED_DAYS_MAX = 200
export const CLOSED_RANGE_DAYS_MAX = 366
export const CHECK_INS_PER_S_MIN = 10
export const CHECK_INS_PER_S_MAX = 100_000

/** Of a rollout: more waves than these nobody follows; a week of soaking is two closed weekends. */
export const WAVES_MAX = 20
export const SOAK_MINUTES_MAX = 7 * 1440
export const PROBATION_MINUTES_MAX = 1440
export const ATTEMPTS_MAX = 10
/** Bytes a second: slower, no release arrives before its upgrade is given up. */
export const DOWNLOAD_RATE_MIN = 1024
export const DOWNLOAD_RATE_MAX = 1_000_000_000

/** Upgrade policies of one instance, and what one of them may name: tags, or distributions. */
export const UPGRADE_POLICIES_MAX = 50
export const POLICY_MEMBERS_MAX = 100
export const POLICY_PRIORITY_MAX = 1_000_000
export const POLICY_DELAY_HOURS_MAX = 8784

/**
 * Keys that were not deleted, roles of the operator's own, users, and groups of one instance: every
 * server reads all of them anew every few seconds.
 */
export const API_KEYS_MAX = 2000
export const CUSTOM_ROLES_MAX = 100
export const USERS_MAX = 2000
export const USER_GROUPS_MAX = 200
/** Names of users, roles or groups in one call. */
export const ACCESS_NAMES_MAX = 1000
export const SCOPE_TAGS_MAX = 100
/** How long the secret before a rotation may still be used, and how long it is by default. */
export const KEY_OVERLAP_S_MAX = 30 * 86_400
export const KEY_OVERLAP_S_DEFAULT = 86_400

/** Of a certificate with its key and its chain, as base64: 64 KiB, of which 5 are usual. */
export const CERTIFICATE_CHARACTERS_MAX = 87_384
export const PASSWORD_CHARACTERS_MAX = 1000
