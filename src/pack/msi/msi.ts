/**
 * A package for Windows Installer 5.0, on 64-bit Windows: a compound file ([MS-CFB]) that holds a
 * database (the SDK's "Database Tables") and two cabinets ([MS-CAB]). The large one has the release
 * and is compressed once; the small one has what belongs to the distribution. A further
 * distribution costs less than 20 KB.
 *
 * It installs for the machine, in Program Files, with a service. An upgrade is a product of its own
 * (another ProductCode) that removes the one before inside its transaction; older ones are refused.
 * Two kinds: `msi` installs an agent, or another over it, with its own enrolment; `msi-upgrade`
 * moves an agent that is there and leaves its enrolment alone unless it is told REHOME=1.
 */
import { type Digest, digestOf } from '../../base/digest.ts'
import type { Arch, Target } from '../../base/platform.ts'
import { storedCabinet } from '../archive/cab.ts'
import { checkPackageSpec, refusePackage } from '../check-spec.ts'
import type { PackageSpec, ReleaseSpec } from '../package-spec.ts'
import { ICON_NAME, iconBytes } from '../windows-icon.ts'
import type { PackageWriter, Segment, WriterNeeds } from '../writer.ts'
import { assemble } from './_assemble.ts'
import { databaseStreams } from './_database.ts'
import { flawOfPaths, type Installed, installedFiles, ownFiles } from './_files.ts'
import { KINDS, type Kind } from './_kinds.ts'
import { guidOf, streamName } from './_names.ts'
import { flawOfVersion, LANGUAGE, MANUFACTURER } from './_product.ts'
import { cabinetOf, flawOfSize, releaseCabinet } from './_release-cabinet.ts'
import { SUMMARY_STREAM, summaryBytes } from './_summary.ts'
import { type Content, OWN_CABINET, RELEASE_CABINET, tablesOf } from './_tables.ts'

/** SDK, "Template Summary"; Arm64 is known since Windows 10. */
const PROCESSORS: Readonly<Record<Arch, string>> = { x64: 'x64', arm64: 'Arm64' }

/** As long as any other ProductCode, which is all that the shared tables want of it. */
const NO_PRODUCT = '{00000000-0000-0000-0000-000000000000}'

export const msiWriter: PackageWriter = writerFor('msi', 'standalone')
export const msiUpgradeWriter: PackageWriter = writerFor('msi-upgrade', 'in-place')

function writerFor(format: 'msi' | 'msi-upgrade', kind: Kind): PackageWriter {
  const writer: PackageWriter = {
    format,
    kind,
    takesAllTargets: false,
    mediaType: 'application/x-msi',
    supports: (target: Target) => target.platform === 'windows' && target.libc === 'none',
    fileName: (spec) => {
      const name = kind === 'standalone' ? spec.name : `${spec.name}-upgrade`
      return `${name}-${spec.version}-${spec.target.arch}.msi`
    },
    // One cabinet for both kinds. What else is shared is made in milliseconds.
    partsAhead: (spec) =>
      kind === 'standalone' ? [releaseCabinet(spec, installedFiles(spec, kind).files)] : [],
    write: (spec, needs) => writeMsi({ writer, kind, spec }, needs),
  }
  return writer
}

type Writing = {
  readonly writer: PackageWriter
  readonly kind: Kind
  readonly spec: PackageSpec
}

async function writeMsi(writing: Writing, needs: WriterNeeds): Promise<readonly Segment[]> {
  const { spec, kind } = writing
  const installed = checkedFiles(writing)
  const derived = await needs.derive(releaseCabinet(spec, installed.files))
  const { versions, length } = cabinetOf(derived)
  const release = { spec, kind, installed, versions }
  const { enrolment } = spec
  const template = streamsOf({
    ...release,
    own: { productCode: NO_PRODUCT, enrolment: new Uint8Array() },
  })
  const codes = codesOf([derived.digest, ...template.map(({ bytes }) => digestOf(bytes))], spec)
  return await assemble(
    {
      cabinet: { name: streamName(RELEASE_CABINET), derived, length },
      streams: streamsOf({ ...release, own: { ...codes, enrolment } }),
      template,
      ownStreams: [
        { name: SUMMARY_STREAM, bytes: summaryOf(spec, kind, codes.packageCode) },
        { name: streamName(OWN_CABINET), bytes: ownCabinet(spec) },
      ],
    },
    needs,
  )
}

function checkedFiles({ writer, spec, kind }: Writing): Installed {
  checkPackageSpec(writer, spec)
  const flawOfSpec = flawOfVersion(spec) ?? flawOfPaths(spec)
  if (flawOfSpec !== null) refusePackage(writer, spec, flawOfSpec)
  const installed = installedFiles(spec, kind)
  const flawOfFiles = flawOfSize(installed.files)
  if (flawOfFiles !== null) refusePackage(writer, spec, flawOfFiles)
  return installed
}

function streamsOf(content: Content): ReturnType<typeof databaseStreams> {
  const icon = { table: 'Icon', key: ICON_NAME, bytes: iconBytes() }
  return databaseStreams(tablesOf(content), [icon])
}

/** Packages that differ in anything have different codes; the same one has the same. */
function codesOf(shared: readonly Digest[], { target, timestamp, enrolment }: PackageSpec) {
  const name = JSON.stringify([target.arch, timestamp, digestOf(enrolment), ...shared])
  return { productCode: guidOf(`product ${name}`), packageCode: guidOf(`package ${name}`) }
}

function summaryOf(spec: ReleaseSpec, kind: Kind, packageCode: string): Uint8Array {
  return summaryBytes({
    subject: KINDS[kind].subject,
    author: MANUFACTURER,
    comments: `Version ${spec.version}`,
    template: `${PROCESSORS[spec.target.arch]};${LANGUAGE}`,
    packageCode,
    timestamp: spec.timestamp,
  })
}

function ownCabinet(spec: PackageSpec): Uint8Array {
  const files = ownFiles(spec).map(({ key, content }) => ({ name: key, bytes: content }))
  return storedCabinet(files, spec.timestamp)
}
