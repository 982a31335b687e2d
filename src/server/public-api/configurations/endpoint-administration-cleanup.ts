import { cleanupCalls } from '../../../contract/public/configurations.ts'
import { changeDuplicateCleanup } from '../../../domain/configuration/duplicate-cleanup.ts'
import { settingRoutes } from './setting-routes.ts'

/** `configurations/agent/endpoint_administration_cleanup`. */
export const cleanupRoutes = settingRoutes({
  name: 'duplicateCleanup',
  calls: cleanupCalls,
  render: ({ isEnabled, byHostname, byIp, byMac, intervalHours }) => ({
    periodic_duplicate_cleanup: isEnabled,
    host_name: byHostname,
    ip: byIp,
    mac: byMac,
    time_interval_hours: isEnabled ? intervalHours : null,
  }),
  change: (present, asked) =>
    changeDuplicateCleanup(present, {
      isEnabled: asked.periodic_duplicate_cleanup ?? null,
      byHostname: asked.host_name ?? null,
      byIp: asked.ip ?? null,
      byMac: asked.mac ?? null,
      intervalHours: asked.time_interval_hours ?? null,
    }),
})
