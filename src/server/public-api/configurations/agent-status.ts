import { agentStatusCalls } from '../../../contract/public/configurations.ts'
import { changeAgentStatus } from '../../../domain/configuration/agent-status.ts'
import { settingRoutes } from './setting-routes.ts'

/** `configurations/agent/agent_status`: in days. */
export const agentStatusRoutes = settingRoutes({
  name: 'agentStatus',
  calls: agentStatusCalls,
  render: ({ lostAfterDays, deletedAfterDays }) => ({
    license_revocation_after_lost_connection: lostAfterDays,
    agent_deletion_retention: deletedAfterDays,
  }),
  change: (present, asked) =>
    changeAgentStatus(present, {
      lostAfterDays: asked.license_revocation_after_lost_connection ?? null,
      deletedAfterDays: asked.agent_deletion_retention ?? null,
    }),
})
