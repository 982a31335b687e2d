/** How fast all agents together may download from one server. */
export type ContentManagement = {
  readonly isBandwidthLimited: boolean
  /** Megabits a second, 10^6 bits each. */
  readonly bandwidthMbps: number
  /** Kept and told; there is no content beside the agent's versions here. */
  readonly areMinorVersionsUpdated: boolean
}

export const CONTENT_MANAGEMENT_DEFAULT: ContentManagement = {
  isBandwidthLimited: false,
  bandwidthMbps: 100,
  areMinorVersionsUpdated: true,
}

type Change = { readonly [Field in keyof ContentManagement]: ContentManagement[Field] | null }

export function changeContentManagement(
  present: ContentManagement,
  change: Change,
): ContentManagement {
  return {
    isBandwidthLimited: change.isBandwidthLimited ?? present.isBandwidthLimited,
    bandwidthMbps: change.bandwidthMbps ?? present.bandwidthMbps,
    areMinorVersionsUpdated: change.areMinorVersionsUpdated ?? present.areMinorVersionsUpdated,
  }
}

/** Null: without a limit. */
export function bytesPerSecond(content: ContentManagement): number | null {
  return content.isBandwidthLimited ? (content.bandwidthMbps * 1_000_000) / 8 : null
}
