/** What the header says of the package itself: names, dependencies, scripts, payload. */
import type { Digest } from '../../base/digest.ts'
import type { Arch } from '../../base/platform.ts'
import { aboutOf, HOMEPAGE, MAINTAINER } from '../linux/about.ts'
import type { PackageSpec } from '../package-spec.ts'
import { SHA256 } from './_files.ts'
import type { HeaderEntry } from './_header.ts'
import { POST, POSTTRANS, POSTUN, PRE, PREUN } from './_scripts.ts'

/** `uname -m`, which rpm names its architectures after. */
export const ARCH_NAMES: Readonly<Record<Arch, string>> = { x64: 'x86_64', arm64: 'aarch64' }
/** What rpmbuild puts behind a name that a package provides for its own architecture only. */
const ISA_NAMES: Readonly<Record<Arch, string>> = { x64: 'x86-64', arm64: 'aarch-64' }

/** A version of ours is built once for each release. */
export const RELEASE = '1'
/** The first rpm that knew everything written here: it added the digest of the payload. */
const RPM_VERSION = '4.14.0'
/** Constant: packages do not tell which machine made them. */
const BUILD_HOST = 'drydock'

/** RPM manual, "Tags". */
const TAG = {
  headerI18nTable: 100,
  name: 1000,
  version: 1001,
  release: 1002,
  summary: 1004,
  description: 1005,
  buildTime: 1006,
  buildHost: 1007,
  size: 1009,
  vendor: 1011,
  licence: 1014,
  packager: 1015,
  group: 1016,
  url: 1020,
  os: 1021,
  arch: 1022,
  pre: 1023,
  post: 1024,
  preun: 1025,
  postun: 1026,
  sourceRpm: 1044,
  provideName: 1047,
  requireFlags: 1048,
  requireName: 1049,
  requireVersion: 1050,
  rpmVersion: 1064,
  changelogTime: 1080,
  changelogName: 1081,
  changelogText: 1082,
  preProgram: 1085,
  postProgram: 1086,
  preunProgram: 1087,
  postunProgram: 1088,
  provideFlags: 1112,
  provideVersion: 1113,
  payloadFormat: 1124,
  payloadCompressor: 1125,
  payloadFlags: 1126,
  posttrans: 1152,
  posttransProgram: 1154,
  encoding: 5062,
  payloadDigest: 5092,
  payloadDigestAlgorithm: 5093,
} as const

/** rpm's `rpmsenseFlags_e` (include/rpm/rpmds.h). */
const LESS = 1 << 1
const EQUAL = 1 << 3
const POSTTRANS_TIME = 1 << 5
const INTERPRETER = 1 << 8
const PRE_TIME = 1 << 9
const POST_TIME = 1 << 10
const PREUN_TIME = 1 << 11
const POSTUN_TIME = 1 << 12
const RPMLIB = 1 << 24

type Dependency = { readonly name: string; readonly flags: number; readonly version: string }

const SCRIPT_TIMES = PRE_TIME | POST_TIME | PREUN_TIME | POSTUN_TIME

/** Sorted by name, as rpmbuild writes them. */
const REQUIRES: readonly Dependency[] = [
  {
    name: '/bin/sh',
    flags: INTERPRETER | SCRIPT_TIMES | POSTTRANS_TIME,
    version: '',
  },
  // Of the scripts: when a whole machine is installed at once, it comes before this package.
  { name: 'coreutils', flags: SCRIPT_TIMES, version: '' },
  // The launcher's floor; EL7 has just this one.
  { name: 'libc.so.6(GLIBC_2.17)(64bit)', flags: 0, version: '' },
  // What of rpm itself this package uses (rpm's lib/rpmds.c, `rpmlibProvides`).
  rpmFeature('CompressedFileNames', '3.0.4-1'),
  rpmFeature('FileDigests', '4.6.0-1'),
  rpmFeature('PayloadFilesHavePrefix', '4.0-1'),
]

function rpmFeature(name: string, since: string): Dependency {
  return { name: `rpmlib(${name})`, flags: RPMLIB | LESS | EQUAL, version: since }
}

export function aboutEntries(
  spec: PackageSpec,
  facts: { readonly installedSize: number; readonly payloadDigest: Digest },
): readonly HeaderEntry[] {
  const { synopsis, lines } = aboutOf(spec.description)
  const fullVersion = `${spec.version}-${RELEASE}`
  return [
    strings(TAG.headerI18nTable, ['C']),
    text(TAG.name, spec.name),
    text(TAG.version, spec.version),
    text(TAG.release, RELEASE),
    { tag: TAG.summary, type: 'i18n', values: [synopsis] },
    { tag: TAG.description, type: 'i18n', values: [[synopsis, ...lines].join('\n')] },
    number(TAG.buildTime, spec.timestamp),
    text(TAG.buildHost, BUILD_HOST),
    number(TAG.size, facts.installedSize),
    text(TAG.vendor, 'Drydock'),
    text(TAG.licence, 'Apache-2.0'),
    text(TAG.packager, MAINTAINER),
    { tag: TAG.group, type: 'i18n', values: ['System Environment/Daemons'] },
    text(TAG.url, HOMEPAGE),
    text(TAG.os, 'linux'),
    text(TAG.arch, ARCH_NAMES[spec.target.arch]),
    // Where it is missing, rpm takes the package for one of sources.
    text(TAG.sourceRpm, `${spec.name}-${fullVersion}.src.rpm`),
    text(TAG.rpmVersion, RPM_VERSION),
    number(TAG.changelogTime, spec.timestamp),
    strings(TAG.changelogName, [`${MAINTAINER} - ${fullVersion}`]),
    strings(TAG.changelogText, [`- Version ${spec.version} of the agent.`]),
    ...scriptEntries(),
    ...dependencyEntries(spec, fullVersion),
    text(TAG.payloadFormat, 'cpio'),
    text(TAG.payloadCompressor, 'gzip'),
    text(TAG.payloadFlags, '9'),
    text(TAG.encoding, 'utf-8'),
    strings(TAG.payloadDigest, [facts.payloadDigest]),
    number(TAG.payloadDigestAlgorithm, SHA256),
  ]
}

function scriptEntries(): readonly HeaderEntry[] {
  return [
    [TAG.pre, TAG.preProgram, PRE] as const,
    [TAG.post, TAG.postProgram, POST] as const,
    [TAG.preun, TAG.preunProgram, PREUN] as const,
    [TAG.postun, TAG.postunProgram, POSTUN] as const,
    [TAG.posttrans, TAG.posttransProgram, POSTTRANS] as const,
  ].flatMap(([tag, program, script]) => [text(tag, script), text(program, '/bin/sh')])
}

function dependencyEntries(spec: PackageSpec, version: string): readonly HeaderEntry[] {
  const provided = [spec.name, `${spec.name}(${ISA_NAMES[spec.target.arch]})`]
  return [
    strings(TAG.provideName, provided),
    { tag: TAG.provideFlags, type: 'int32', values: provided.map(() => EQUAL) },
    strings(
      TAG.provideVersion,
      provided.map(() => version),
    ),
    strings(
      TAG.requireName,
      REQUIRES.map((one) => one.name),
    ),
    { tag: TAG.requireFlags, type: 'int32', values: REQUIRES.map((one) => one.flags) },
    strings(
      TAG.requireVersion,
      REQUIRES.map((one) => one.version),
    ),
  ]
}

function text(tag: number, value: string): HeaderEntry {
  return { tag, type: 'string', value }
}

function strings(tag: number, values: readonly string[]): HeaderEntry {
  return { tag, type: 'strings', values }
}

function number(tag: number, value: number): HeaderEntry {
  return { tag, type: 'int32', values: [value] }
}
