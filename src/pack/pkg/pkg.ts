/**
 * A product archive of macOS: a xar archive with a component package for each processor and one
 * for what is a distribution's own, and `Distribution`, by which the installer chooses between
 * them. For macOS 13 and later: installer(8), the Installer and device management.
 *
 * Apple's installer is not known to read a gzip file of several members, so a payload is one
 * stream, made once for each build of a release. What is a package's own is the table of the
 * archive, `Distribution` and a component of two small files.
 */
import { utf8 } from '../../base/bytes.ts'
import type { Target } from '../../base/platform.ts'
import { BOM_ENTRIES_MAX } from '../archive/bom.ts'
import { ownXarFile, type XarFolder, xarSegments } from '../archive/xar.ts'
import { checkPackageSpec, refusePackage } from '../check-spec.ts'
import type { Build, PackageSpec, ReleaseSpec } from '../package-spec.ts'
import type { PackageWriter, Segment, WriterNeeds } from '../writer.ts'
import { componentPart, derivedComponent, smallComponent } from './_component.ts'
import { agentComponent, configComponent } from './_contents.ts'
import { componentFolder, distributionXml, type ListedComponent } from './_distribution.ts'
import { installedKiB } from './_package-info.ts'

/** Of a time in a bill of materials: 32 bits. */
const TIMESTAMP_MAX = 0xffff_ffff

export const pkgWriter: PackageWriter = {
  format: 'pkg',
  kind: 'standalone',
  takesAllTargets: true,
  mediaType: 'application/x-xar',
  supports,
  fileName: (spec) => `${spec.name}-${spec.version}.pkg`,
  partsAhead: (spec) => buildsOf(spec).map((build) => componentPart(agentComponent(spec, build))),
  write: writePkg,
}

function supports({ platform, libc }: Target): boolean {
  return platform === 'macos' && libc === 'none'
}

function buildsOf(spec: ReleaseSpec): readonly Build[] {
  return [spec, ...spec.otherBuilds]
}

async function writePkg(spec: PackageSpec, needs: WriterNeeds): Promise<readonly Segment[]> {
  checkSpec(spec)
  const agents = buildsOf(spec).map((build) => {
    return { id: build.target.arch, component: agentComponent(spec, build) } as const
  })
  const config = { id: 'config', component: configComponent(spec) } as const
  const listed = [...agents, config].map(({ id, component }): ListedComponent => {
    return { id, installedKiB: installedKiB(component.entries) }
  })
  const folders: XarFolder[] = []
  for (const { id, component } of agents) {
    const entries = component.entries.length
    if (entries > BOM_ENTRIES_MAX) refusePackage(pkgWriter, spec, `${entries} files are too many`)
    const derived = await needs.derive(componentPart(component))
    folders.push({ name: componentFolder(id), files: derivedComponent(derived) })
  }
  folders.push({ name: componentFolder(config.id), files: smallComponent(config.component) })
  const distribution = ownXarFile('Distribution', utf8(distributionXml(spec.version, listed)))
  return await xarSegments([distribution, ...folders], {
    timestamp: spec.timestamp,
    signer: await needs.installerSigner(),
  })
}

/** Every build, as if it were alone: its files are unpacked by root, too. */
function checkSpec(spec: PackageSpec): void {
  const builds = buildsOf(spec)
  for (const build of builds) checkPackageSpec(pkgWriter, { ...spec, ...build })
  const arches = new Set(builds.map(({ target }) => target.arch))
  if (arches.size < builds.length) refusePackage(pkgWriter, spec, 'two builds for one processor')
  if (spec.timestamp > TIMESTAMP_MAX) {
    refusePackage(pkgWriter, spec, 'its time is beyond the year 2106')
  }
}
