/**
 * Calls of the original that are about something else than this product: a client that knows them
 * is told so, in a sentence, once its key was found good. A path that is in neither stays unknown.
 */
import { refuse } from '../../base/result.ts'
import { admit, type EdgeNeeds, PUBLIC_API } from '../http/public-edge.ts'
import type { RawRoute } from '../http/route.ts'

/** Whatever is called in them. */
const FAMILIES = [
  'alerts',
  'alerts_exclusion',
  'assessment_profiles',
  'assets',
  'attack_surface',
  'bioc',
  'broker',
  'cases',
  'cloud_onboarding',
  'correlations',
  'cwp',
  'dashboards',
  'device_control',
  'featured_fields',
  'hash_exceptions',
  'identity_threat',
  'incidents',
  'indicators',
  'integrations',
  'issue',
  'legacy_agent_exceptions',
  'logs',
  'lookups',
  'parsers',
  'playbooks',
  'policies',
  'profiles',
  'quarantine',
  'risk',
  'scheduled_queries',
  'scripts',
  'triage_presets',
  'vulnerability-management',
  'widgets',
  'xql',
  'xsoar',
] as const

/** In families that are otherwise here. */
const CALLS = [
  'actions/file_retrieval_details',
  'actions/get_script_execution_status',
  'configurations/agent/advanced_analysis',
  'configurations/agent/cortex_xdr_log_collection',
  'configurations/agent/informative_btp_issues',
  'configurations/agent/wildfire_analysis',
  'endpoints/abort_scan',
  'endpoints/file_retrieval',
  'endpoints/get_profiles',
  'endpoints/get_violations',
  'endpoints/isolate',
  'endpoints/kill_process',
  'endpoints/quarantine',
  'endpoints/restore',
  'endpoints/scan',
  'endpoints/terminate_process',
  'endpoints/unisolate',
  'get_assets',
  'get_incidents',
] as const

/** How deep the calls of a family lie: `policies/prevention/get`, and a bit more. */
const BELOW = ['', '/:call', '/:call/:second', '/:call/:second/:third'] as const

const SETTINGS = CALLS.filter((call) => call.startsWith('configurations/'))

export const OUTSIDE_PATHS: readonly string[] = [
  ...FAMILIES.flatMap((family) => BELOW.map((below) => `${family}${below}`)),
  ...CALLS,
  ...SETTINGS.map((call) => `${call}/set`),
]

export const OUTSIDE_ROUTES: readonly RawRoute<EdgeNeeds>[] = OUTSIDE_PATHS.map((path) => ({
  methods: ['GET', 'POST'],
  path: `${PUBLIC_API}${path}`,
  async answer(needs, request) {
    const admitted = await admit(needs, request, { permission: null })
    if (!admitted.ok) return admitted
    const call = request.path.slice(PUBLIC_API.length).replace(/\/$/, '')
    return refuse({ code: 'not-in-this-product', call })
  },
}))
