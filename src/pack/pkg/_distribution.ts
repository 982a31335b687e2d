/**
 * `Distribution`: what the installer does with the components (Apple, "Distribution Definition
 * XML Schema Reference"; the functions are those of "Installer JavaScript Reference").
 *
 * Each processor has its component, and one of them is chosen: by what the processor is, because a
 * translated process sees another one. The package says that it is for both even when it holds one
 * build: the installer's own words for a wrong processor say less than ours, and it would offer to
 * translate.
 */
import type { Arch } from '../../base/platform.ts'
import type { AgentVersion } from '../../base/version.ts'
import { COMPONENT_IDS, LABEL } from '../macos/layout.ts'

/** What the runtime in the launcher was built for: LC_BUILD_VERSION, minos. */
const SYSTEM_MIN = '13.0'

const PROCESSOR_NAMES: Readonly<Record<Arch, string>> = { x64: 'Intel', arm64: 'Apple silicon' }

export type ListedComponent = {
  readonly id: keyof typeof COMPONENT_IDS
  readonly installedKiB: number
}

/** The folder of a component in the package. */
export function componentFolder(id: ListedComponent['id']): string {
  return id === 'config' ? 'config.pkg' : `agent-${id}.pkg`
}

/** Agents before what differs between distributions: its script starts them. */
export function distributionXml(
  version: AgentVersion,
  components: readonly ListedComponent[],
): string {
  const lines = components.map(({ id }) => `    <line choice="${id}"/>\n`)
  const references = components.map(
    ({ id, installedKiB }) =>
      `  <pkg-ref id="${COMPONENT_IDS[id]}" version="${version}" installKBytes="${installedKiB}" ` +
      `auth="root" onConclusion="none">#${componentFolder(id)}</pkg-ref>\n`,
  )
  const arches = components.flatMap(({ id }) => (id === 'config' ? [] : [id]))
  return `\
<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="2">
  <title>Drydock agent</title>
  <product id="${LABEL}" version="${version}"/>
  <options customize="never" require-scripts="false" hostArchitectures="x86_64,arm64"/>
  <domains enable_anywhere="true" enable_currentUserHome="false" enable_localSystem="true"/>
  <volume-check>
    <allowed-os-versions>
      <os-version min="${SYSTEM_MIN}"/>
    </allowed-os-versions>
  </volume-check>
  <installation-check script="hasBuild()"/>
  <script><![CDATA[
${checkScript(arches)}  ]]></script>
  <choices-outline>
${lines.join('')}  </choices-outline>
${components.map(({ id }) => choice(id)).join('')}${references.join('')}</installer-gui-script>
`
}

function checkScript(arches: readonly Arch[]): string {
  const builds = arches.map((arch) => `'${arch}'`).join(', ')
  const names = arches.map((arch) => PROCESSOR_NAMES[arch]).join(', ')
  return `\
    function processor() {
      var isArm64 = false;
      try {
        isArm64 = system.sysctl('hw.optional.arm64') == 1;
      } catch (error) {
        // An Intel Mac does not know the name.
      }
      return isArm64 ? 'arm64' : 'x64';
    }
    function hasBuild() {
      if ([${builds}].indexOf(processor()) >= 0) { return true; }
      my.result.type = 'Fatal';
      my.result.title = 'This package is for other Macs';
      my.result.message = 'It holds the agent for: ${names}.';
      return false;
    }
`
}

function choice(id: ListedComponent['id']): string {
  const title = id === 'config' ? 'Enrolment' : `Drydock agent (${PROCESSOR_NAMES[id]})`
  const when = id === 'config' ? 'true' : `processor() == '${id}'`
  return `\
  <choice id="${id}" title="${title}" visible="false" start_selected="${when}" selected="${when}">
    <pkg-ref id="${COMPONENT_IDS[id]}"/>
  </choice>
`
}
