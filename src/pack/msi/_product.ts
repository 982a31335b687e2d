/** Rows on the product as a whole: what it is called, what it replaces, when it refuses. */
import { HOMEPAGE } from '../linux/about.ts'
import type { ReleaseSpec } from '../package-spec.ts'
import { ICON_NAME } from '../windows-icon.ts'
import type { Tables } from './_database.ts'
import { KINDS, type Kind } from './_kinds.ts'
import { guidOf } from './_names.ts'

export const PRODUCT_NAME = 'Drydock Agent'
export const MANUFACTURER = 'Drydock'
/** US English, which every Windows has. */
export const LANGUAGE = '1033'

/** What an administrator may say on the command line, and the name it is remembered by. */
export const PROPERTIES = [
  { name: 'SERVER_URL', value: 'ServerUrl', isOfEnrolment: true },
  { name: 'DISTRIBUTION_ID', value: 'DistributionId', isOfEnrolment: true },
  { name: 'ENROL_TOKEN', value: 'Token', isOfEnrolment: true },
  { name: 'PROXY_LIST', value: 'ProxyList', isOfEnrolment: false },
  { name: 'ENDPOINT_TAGS', value: 'EndpointTags', isOfEnrolment: false },
] as const

/** What stood in the registry when the installation began. */
export const WAS = 'WAS_'
const FOUND = 'AGENT_FOUND'

/** Every version of every package of ours, for any processor. */
const UPGRADE_CODE = guidOf('upgrade code')

/** SDK, "Upgrade Table", Attributes: the lower end belongs to the range. */
const FROM_LOWER_END = 256

/**
 * SDK, "ProductVersion": a byte, a byte and 16 bits; the fourth number is not looked at. Newer and
 * older are told by `versionKey` therefore, which has all four.
 */
const NUMBER_MAXES = [255, 255, 65_535] as const

export function flawOfVersion({ version }: ReleaseSpec): string | null {
  const max = NUMBER_MAXES.join('.')
  const numbers = version.split('.').map(Number)
  const isBeyond = NUMBER_MAXES.some((most, index) => (numbers[index] ?? 0) > most)
  return isBeyond
    ? `Windows Installer takes versions up to ${max} in their first three numbers`
    : null
}

/** A text that compares as the version does; the letter keeps it from being read as a number. */
export function versionKey({ version }: Pick<ReleaseSpec, 'version'>): string {
  return `v${version
    .split('.')
    .map((number) => number.padStart(9, '0'))
    .join('.')}`
}

export function productTables(spec: ReleaseSpec, kind: Kind, productCode: string): Tables {
  const names = PROPERTIES.map(({ name }) => name)
  const remembered = names.map((name) => `${WAS}${name}`)
  return {
    Property: [
      ['ProductCode', productCode],
      ['ProductName', PRODUCT_NAME],
      ['ProductVersion', spec.version],
      ['ProductLanguage', LANGUAGE],
      ['Manufacturer', MANUFACTURER],
      ['UpgradeCode', UPGRADE_CODE],
      ['ALLUSERS', '1'],
      ['ARPNOMODIFY', '1'],
      ['ARPPRODUCTICON', ICON_NAME],
      ['ARPHELPLINK', HOMEPAGE],
      // Files of ours are replaced whatever version, date or size lies there. Without the `a`, what
      // has the same version as the one before stays, and is removed with it afterwards.
      ['REINSTALLMODE', 'amus'],
      // Services are stopped by name below; nothing else has our files open.
      ['MSIRESTARTMANAGERCONTROL', 'Disable'],
      ['SecureCustomProperties', [FOUND, 'PURGE', 'REHOME', ...names].join(';')],
      ['MsiHiddenProperties', ['ENROL_TOKEN', ...remembered].join(';')],
    ],
    Upgrade: [[UPGRADE_CODE, '0.0.0', null, null, FROM_LOWER_END, null, FOUND]],
    LaunchCondition: launchConditions(spec, kind),
  }
}

function launchConditions(spec: ReleaseSpec, kind: Kind): Tables[string] {
  const newer = `Installed OR NOT (${WAS}VERSION > "${versionKey(spec)}")`
  const downgrade =
    `A newer ${PRODUCT_NAME} than ${spec.version} is installed. ` +
    'Uninstall it first if you want the older one; its identity stays.'
  const missing =
    `There is no ${PRODUCT_NAME} here that could be upgraded. ` +
    'This package enrols nobody: install the one of a standalone distribution.'
  return kind === 'standalone'
    ? [[newer, downgrade]]
    : [
        [newer, downgrade],
        [`Installed OR ${FOUND}`, missing],
      ]
}

const REGISTRY_ROOT = 2 // SDK, "Registry Table", Root: HKEY_LOCAL_MACHINE
const REGISTRY_KEY = 'SOFTWARE\\Drydock\\Agent'
/** Beside it, because it is locked: it holds the token. */
const ENROLMENT_KEY = `${REGISTRY_KEY}\\Enrolment`
/** SDK, "RegLocator Table", Type: a value as it is, in the 64-bit half of the registry. */
const RAW_64_BIT = 2 | 16
/** SDK, "Custom Action Type 51": sets a property. */
const SET_PROPERTY = 51
/** SDK, "Custom Action Hidden Target Option". */
const HIDDEN = 0x2000

/**
 * What was said on the command line is kept in the registry, where the next installation finds it,
 * because Windows Installer forgets it. Proxies and tags are the machine's, so they are said again
 * by every later package; the rest belongs to the enrolment of one package.
 */
export function memoryTables(spec: ReleaseSpec, kind: Kind): Tables {
  const own = PROPERTIES.map(({ name, value, isOfEnrolment }) => {
    const key = isOfEnrolment ? ENROLMENT_KEY : REGISTRY_KEY
    return { name, key, value, text: `[${name}]` }
  })
  const version = { name: 'VERSION', key: REGISTRY_KEY, value: 'Version', text: versionKey(spec) }
  const all = [version, ...own]
  return {
    Registry: all.map(({ key, value, text }) => {
      return [`Memory${value}`, REGISTRY_ROOT, key, value, text, 'Memory']
    }),
    RegLocator: all.map(({ key, value }) => [`Was${value}`, REGISTRY_ROOT, key, value, RAW_64_BIT]),
    AppSearch: all.map(({ name, value }) => [`${WAS}${name}`, `Was${value}`]),
    CustomAction: PROPERTIES.map(({ name, value }) => {
      return [`Remember${value}`, SET_PROPERTY | HIDDEN, name, `[${WAS}${name}]`, null]
    }),
    InstallExecuteSequence: PROPERTIES.map(({ name, value, isOfEnrolment }, index) => {
      const when = isOfEnrolment ? `(${KINDS[kind].remembersEnrolment}) AND ` : ''
      return [`Remember${value}`, `${when}NOT ${name} AND ${WAS}${name}`, 60 + index]
    }),
  }
}
