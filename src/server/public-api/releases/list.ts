import { ARCHES, LIBCS, PLATFORMS } from '../../../base/platform.ts'
import { accept } from '../../../base/result.ts'
import type { FilterOperator } from '../../../contract/public/list.ts'
import {
  listReleasesCall,
  type ReleaseObject,
  releaseObject,
} from '../../../contract/public/releases.ts'
import type { Database, Reader } from '../../../store/open.ts'
import {
  countReleases,
  loadReleasePage,
  type ReleaseCondition,
} from '../../../store/release-list.ts'
import { loadEnvelope, type StoredRelease } from '../../../store/releases.ts'
import type { PublicRoute } from '../../http/route.ts'
import { manifestIn } from '../../release-content.ts'
import type { FilterRules, ReadFilter } from '../lists/filters.ts'
import { readList } from '../lists/read-list.ts'

const CHOICE = { kind: 'choice', operators: ['eq', 'neq', 'in'] } as const
const TEXT = { kind: 'text', operators: ['eq', 'neq', 'in'] } as const

const RELEASE_FILTERS = {
  platform: { ...CHOICE, values: PLATFORMS },
  arch: { ...CHOICE, values: ARCHES },
  libc: { ...CHOICE, values: LIBCS },
  version: TEXT,
  manifest_digest: TEXT,
  withdrawn: { kind: 'choice', operators: ['eq'], values: ['true', 'false'] },
} as const satisfies FilterRules

/** What stands in the manifest, which is read only where somebody wants it. */
const IN_MANIFEST = ['launcher', 'files', 'payload']

/**
 * `POST releases/list`: the catalogue, oldest version first, withdrawn ones included; whole where
 * no page is asked for, because that is how it began.
 */
export const listReleasesRoute: PublicRoute<
  { readonly database: Database },
  typeof listReleasesCall
> = {
  call: listReleasesCall,
  permission: 'releases.view',
  async answer(needs, request) {
    const { data } = request
    const list = readList(data, RELEASE_FILTERS, Object.keys(releaseObject.shape))
    if (!list.ok) return list
    const { filters, page, keep } = list.value
    const { read } = needs.database
    const conditions = [...ofPlatform(data.platform), ...filters.map(toCondition)]
    const isWhole = data.search_from == null && data.search_to == null
    const stored = await loadReleasePage(read, conditions, isWhole ? null : page)
    const wantsContent = data.fields == null || data.fields.some((f) => IN_MANIFEST.includes(f))
    const releases: Partial<ReleaseObject>[] = []
    for (const release of stored) {
      const content = wantsContent ? await contentOf(read, release) : {}
      releases.push(keep({ ...render(release), ...content }))
    }
    return accept({
      releases,
      filter_count: await countReleases(read, conditions),
      total_count: await countReleases(read, []),
    })
  },
}

function ofPlatform(platform: string | null | undefined): readonly ReleaseCondition[] {
  return platform == null ? [] : [{ kind: 'is', column: 'platform', values: [platform] }]
}

function toCondition(filter: ReadFilter<keyof typeof RELEASE_FILTERS>): ReleaseCondition {
  const { field, operator, texts } = filter
  if (field !== 'withdrawn') return { kind: conditionOf(operator), column: field, values: texts }
  return { kind: texts.includes('true') ? 'withdrawn' : 'offered' }
}

function conditionOf(operator: FilterOperator): 'is' | 'is-not' {
  return operator === 'neq' ? 'is-not' : 'is'
}

function render(release: StoredRelease): Omit<ReleaseObject, 'launcher' | 'files' | 'payload'> {
  const { floors } = release
  return {
    manifest_digest: release.manifestDigest,
    version: release.version,
    ...release.target,
    notes: release.notes,
    published_at: release.publishedAt,
    published_by: release.publishedBy,
    withdrawn_at: release.withdrawnAt,
    withdrawn_by: release.withdrawnBy,
    withdrawn_reason: release.withdrawnReason,
    floors: {
      os_version: floors.osVersion,
      kernel: floors.kernel,
      agent_version: floors.agentVersion,
    },
  }
}

async function contentOf(
  reader: Reader,
  { manifestDigest }: StoredRelease,
): Promise<Pick<ReleaseObject, 'launcher' | 'files' | 'payload'>> {
  const envelope = (await loadEnvelope(reader, manifestDigest)) ?? new Uint8Array()
  const manifest = manifestIn(envelope, manifestDigest)
  return {
    launcher: manifest.launcher.digest,
    files: manifest.files.map(({ path, digest, executable }) => ({ path, digest, executable })),
    payload: manifest.payload,
  }
}
