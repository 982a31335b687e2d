/**
 * A chart (Helm, "Charts"): a gzipped tar with one folder. Its templates are the same for every
 * distribution; its values are the order's, and with them it gives the objects of the manifest of
 * the same order. So it is a secret as a whole, like the manifest.
 */
import { utf8 } from '../../base/bytes.ts'
import type { AgentVersion } from '../../base/version.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { tarGzSegments } from '../archive/tar-gz.ts'
import { type ClusterSpec, checkClusterSpec } from '../kubernetes/cluster-spec.ts'
import { NAME } from '../kubernetes/names.ts'
import { toYaml } from '../kubernetes/yaml.ts'
import { HOMEPAGE } from '../linux/about.ts'
import type { Segment } from '../writer.ts'
import { readme } from './_readme.ts'
import { TEMPLATES } from './_templates.ts'
import { valuesYaml } from './_values.ts'
import { valuesSchema } from './_values-schema.ts'

/** A version's numbers have at most nine digits, so no two versions become one. */
const BUILDS = 1_000_000_000n

/**
 * Charts have versions of three numbers (SemVer 2.0.0, 2), agents of four. Build metadata
 * (`1.2.3+4`) would be left out of account when versions are compared, and a pre-release
 * (`1.2.3-4`) is not installed unless asked for. So the last two become one, in the same order:
 * `8.8.0.10594` is `8.8.10594`, and `8.8.1.7` is `8.8.1000000007`. `appVersion` is the true one.
 */
export function chartVersion(version: AgentVersion): string {
  const [major = 0n, minor = 0n, patch = 0n, build = 0n] = version.split('.').map(BigInt)
  return `${major}.${minor}.${patch * BUILDS + build}`
}

/** What `helm package` would call it. */
export function chartFileName(version: AgentVersion): string {
  return `${NAME}-${chartVersion(version)}.tgz`
}

/** Fails with a Fault (`package-refused`) for a spec that must not become a chart. */
export function writeChart(spec: ClusterSpec): readonly Segment[] {
  checkClusterSpec(spec)
  const entries = chartFiles(spec).map(
    ([path, text]): ArchiveEntry => ({
      kind: 'file',
      path: `${NAME}/${path}`,
      mode: 0o644,
      content: { kind: 'bytes', bytes: utf8(text) },
    }),
  )
  return tarGzSegments(entries, { prefix: '', timestamp: spec.timestamp })
}

/** Paths in the chart's folder, sorted. */
export function chartFiles(spec: ClusterSpec): readonly (readonly [string, string])[] {
  return [
    ['Chart.yaml', chartYaml(spec)],
    ['README.md', readme(spec)],
    ...TEMPLATES,
    ['values.schema.json', valuesSchema()],
    ['values.yaml', valuesYaml(spec)],
  ]
}

function chartYaml({ version }: ClusterSpec): string {
  return toYaml({
    apiVersion: 'v2',
    name: NAME,
    description: 'The Drydock agent on each node of a cluster',
    type: 'application',
    version: chartVersion(version),
    appVersion: version,
    // The first that knows maxSurge of a daemon set; "-0" takes what vendors add to their versions.
    kubeVersion: '>=1.22.0-0',
    home: HOMEPAGE,
  })
}
