/** How many endpoints of the whole instance are upgraded at once. */
export type AutoUpgrade = { readonly parallelUpgradesMax: number }

/**
 * The original's guideline for a fleet that is in use; its hard limit is 2,000. A fault that shows
 * only in numbers (a proxy, a shared disk, a licence server) then meets 500 machines, not all.
 */
export const AUTO_UPGRADE_DEFAULT: AutoUpgrade = { parallelUpgradesMax: 500 }

export function changeAutoUpgrade(
  present: AutoUpgrade,
  change: { readonly parallelUpgradesMax: number | null },
): AutoUpgrade {
  return { parallelUpgradesMax: change.parallelUpgradesMax ?? present.parallelUpgradesMax }
}
