/** Every limit of the public API, in one place; docs/http-status.md tells them to its users. */

/** Of a body, where a call has no limit of its own. */
export const REQUEST_BYTES_MAX = 1024 * 1024

/** Rows of one page, as the original's lists have it. */
export const PAGE_ROWS_MAX = 100
export const FILTERS_MAX = 50
export const FILTER_VALUES_MAX = 5000
export const COLUMNS_MAX = 100

/** The original's console pushes to at most this many at once. */
export const UPGRADE_ENDPOINTS_MAX = 5000
/** As the original's sibling calls on endpoints. */
export const DELETE_ENDPOINTS_MAX = 1000
export const DELETE_TAGS_MAX = 10

/**
 * Requests of one API key, on one server: so many a second for as long as it likes, and so many at
 * once after a pause.
 */
export const KEY_REQUESTS_PER_S = 100
export const KEY_REQUESTS_BURST = 1000
