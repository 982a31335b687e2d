/**
 * What Windows shows of a program, and what its installer compares: the version resource and the
 * icon. They are put into the runtime before the agent is compiled into it, because a compiled
 * program has a section behind its resources, which then cannot grow. What the makers of the
 * runtime signed is no longer what they signed, so their signature is taken out.
 */
import type { AgentVersion } from '../base/version.ts'

/** VERSIONINFO: American English in Unicode, as most programs say it. */
const LANGUAGE = { lang: 1033, codepage: 1200 } as const
/** VS_FIXEDFILEINFO: a program (VFT_APP) for Windows NT of 32 bits and more (VOS_NT_WINDOWS32). */
const PROGRAM = 1
const WINDOWS_NT = 0x4_0004

/** The same bytes for the same arguments. */
export async function describeProgram(
  runtime: Uint8Array,
  about: { readonly version: AgentVersion; readonly icon: Uint8Array },
): Promise<Uint8Array> {
  const { Data, NtExecutable, NtExecutableResource, Resource } = await import('resedit')
  const program = NtExecutable.from(runtime, { ignoreCert: true })
  const resources = NtExecutableResource.from(program)
  const [major = 0, minor = 0, micro = 0, revision = 0] = about.version.split('.').map(Number)
  const version = Resource.VersionInfo.createEmpty()
  version.setFileVersion(major, minor, micro, revision, LANGUAGE.lang)
  version.setProductVersion(major, minor, micro, revision, LANGUAGE.lang)
  version.fixedInfo.fileType = PROGRAM
  version.fixedInfo.fileOS = WINDOWS_NT
  version.setStringValues(LANGUAGE, {
    CompanyName: 'Drydock',
    FileDescription: 'Drydock agent',
    InternalName: 'drydock-agent',
    LegalCopyright: 'Licensed under Apache-2.0',
    OriginalFilename: 'drydock-agent.exe',
    ProductName: 'Drydock Agent',
  })
  const old = resources.entries.filter(({ type }) => OWN_TYPES.includes(Number(type)))
  for (const { type, id, lang } of old) resources.removeResourceEntry(type, id, lang)
  version.outputToResourceEntries(resources.entries)
  const icons = Data.IconFile.from(about.icon).icons.map(({ data }) => data)
  Resource.IconGroupEntry.replaceIconsForResource(resources.entries, 1, LANGUAGE.lang, icons)
  resources.outputResource(program)
  return new Uint8Array(program.generate())
}

/** RT_ICON, RT_GROUP_ICON, RT_VERSION: the runtime's own are replaced. */
const OWN_TYPES = [3, 14, 16]
