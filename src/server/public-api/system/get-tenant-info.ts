/**
 * `POST system/get_tenant_info`: the licence in the original's fields. What the instance may use
 * is not counted here, so what is licensed has the same large numbers and the same far end.
 */
import type * as z from 'zod'
import { digestOf } from '../../../base/digest.ts'
import { accept } from '../../../base/result.ts'
import { getTenantInfoCall, type tenantInfo } from '../../../contract/public/system.ts'
import {
  type AddOn,
  type Licence,
  licenceText,
  type Product,
} from '../../../domain/access/licence.ts'
import { countEndpoints } from '../../../store/figures.ts'
import type { Database } from '../../../store/open.ts'
import type { InstanceSecret } from '../../../store/secret.ts'
import type { PublicRoute } from '../../http/route.ts'
import type { ServerSettings } from '../../needs.ts'

type Needs = {
  readonly database: Database
  readonly secret: Pick<InstanceSecret, 'keyFor'>
  readonly settings: Pick<ServerSettings, 'licence' | 'productVersion'>
}

/** Of what is licensed: as many as anybody could have. */
const MANY = 1_000_000
/** 2100-01-01, in milliseconds UTC: our licences do not end. */
const FAR = 4_102_444_800_000

export const getTenantInfoRoute: PublicRoute<Needs, typeof getTenantInfoCall> = {
  call: getTenantInfoCall,
  permission: 'configurations.view',
  async answer(needs, { actor }) {
    const { licence, productVersion } = needs.settings
    const endpoints = await countEndpoints(needs.database.read, actor.scope)
    return accept({
      ...licensed(licence, endpoints),
      licence: licenceText(licence),
      version: productVersion,
      instance_id: instanceIdOf(needs.secret),
    })
  },
}

function licensed(licence: Licence, endpoints: number): z.infer<typeof tenantInfo> {
  const parts: readonly string[] = licence === null ? [] : [...licence.products, ...licence.addOns]
  const is = (part: Product | AddOn) => licence === null || parts.includes(part)
  const prevent = is('xdr-prevent')
  const pro = is('xdr-pro-per-endpoint')
  const runtime = is('cloud-runtime-security')
  const posture = is('cloud-posture-security')
  const premium = is('xsiam-premium')
  return {
    prevent_expiration: end(prevent),
    purchased_prevent: prevent ? MANY : 0,
    installed_prevent: endpoints,
    pro_per_endpoint_expiration: end(pro),
    purchased_pro_per_endpoint: pro ? { agents: MANY } : 0,
    data_enabled_pro_per_endpoint: 0,
    pro_cloud_expiration: end(runtime),
    purchased_pro_cloud: runtime ? { agents: MANY } : 0,
    installed_pro_cloud: 0,
    data_enabled_pro_cloud: 0,
    pro_gb_expiration: 0,
    purchased_pro_gb: 0,
    installed_pro_gb: 0,
    xsiam_premium_expiration: end(premium),
    purchased_xsiam_premium: premium ? { users: MANY, gb: MANY, agents: MANY } : 0,
    cloud_posture_expiration: end(posture),
    purchased_cloud_posture: posture ? { workloads: MANY } : 0,
    installed_cloud_posture: 0,
    host_insights_expiration: 0,
    enabled_host_insights: 0,
    purchased_host_insights: 0,
    forensics_expiration: 0,
    enabled_forensics: 0,
    compute_unit_expiration: 0,
    purchased_compute_unit: 0,
  }
}

function end(isLicensed: boolean): number {
  return isLicensed ? FAR : 0
}

/** The same on every server of the instance, and of its backups; it gives nothing away. */
function instanceIdOf(secret: Pick<InstanceSecret, 'keyFor'>): string {
  return digestOf(secret.keyFor('instance-id').export()).slice(0, 32)
}
