import { accept } from '../../../base/result.ts'
import { contentManagementCalls } from '../../../contract/public/configurations.ts'
import { changeContentManagement } from '../../../domain/configuration/content-management.ts'
import { settingRoutes } from './setting-routes.ts'

/** `configurations/agent/content_management`. */
export const contentManagementRoutes = settingRoutes({
  name: 'contentManagement',
  calls: contentManagementCalls,
  render: ({ isBandwidthLimited, bandwidthMbps, areMinorVersionsUpdated }) => ({
    enable_bandwidth_control: isBandwidthLimited,
    bandwidth_in_mbps: bandwidthMbps,
    enable_minor_content_version_updates: areMinorVersionsUpdated,
  }),
  change(present, asked) {
    const changed = changeContentManagement(present, {
      isBandwidthLimited: asked.enable_bandwidth_control ?? null,
      bandwidthMbps: asked.bandwidth_in_mbps ?? null,
      areMinorVersionsUpdated: asked.enable_minor_content_version_updates ?? null,
    })
    return accept(changed)
  },
})
