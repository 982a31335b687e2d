import type { EndpointId } from '../../../base/ids.ts'
import type { Platform } from '../../../base/platform.ts'
import { accept, refuse } from '../../../base/result.ts'
import { getPolicyCall } from '../../../contract/public/endpoint-changes.ts'
import { loadEndpointPlatform } from '../../../store/endpoint-changes.ts'
import { loadGoverningPolicy } from '../../../store/governed-endpoints.ts'
import type { Database } from '../../../store/open.ts'
import type { LiveConfiguration } from '../../configuration.ts'
import type { PublicRoute } from '../../http/route.ts'
import { PLATFORM_LABELS } from './upgrade-reply.ts'
import { renderWindow } from './upgrade-window.ts'

/**
 * `POST endpoints/get_policy`: the upgrade policy that governs an endpoint. Where none does there
 * is one for the whole instance, which bears the platform's name as the original's default policies
 * do: endpoints move when somebody orders it, and never by themselves.
 */
export const getPolicyRoute: PublicRoute<
  { readonly database: Database; readonly configuration: Pick<LiveConfiguration, 'current'> },
  typeof getPolicyCall
> = {
  call: getPolicyCall,
  permission: 'endpoints.view',
  async answer(needs, request) {
    const endpointId = request.data.endpoint_id
    const { scope } = request.actor
    const { read } = needs.database
    // Branding: an id that is none names no endpoint.
    const platform = await loadEndpointPlatform(read, endpointId as EndpointId, scope)
    if (platform === undefined) return refuse({ code: 'endpoint-unknown', endpointId })
    const { autoUpgrade } = await needs.configuration.current()
    const governing = await loadGoverningPolicy(read, endpointId as EndpointId)
    return accept({
      policy_name: governing?.name ?? policyName(platform),
      auto_upgrade: governing !== null,
      parallel_upgrades: autoUpgrade.parallelUpgradesMax,
      upgrade_timeframe_window: renderWindow(governing?.rules.window ?? null),
    })
  },
}

function policyName(platform: Platform): string {
  return `${PLATFORM_LABELS[platform]} Default`
}
