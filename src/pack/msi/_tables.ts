/** All rows of a package's database. */
import { createHash } from 'node:crypto'
import { invariant } from '../../base/invariant.ts'
import type { PackageSpec, ReleaseSpec } from '../package-spec.ts'
import { ICON_NAME } from '../windows-icon.ts'
import type { Tables } from './_database.ts'
import {
  type Installed,
  LAUNCHER_NAME,
  ownFiles,
  PROGRAM_FOLDER,
  type ReleaseFile,
  SETTINGS_NAME,
} from './_files.ts'
import { KINDS, type Kind } from './_kinds.ts'
import { memoryTables, productTables } from './_product.ts'
import type { FileVersion } from './_version-resource.ts'

/**
 * Names of the streams with the cabinets. A signature covers streams in the order of their names'
 * UTF-16LE bytes, and this name alone packs to code units that begin with 00: before the summary
 * (05), which differs in every package, so that the state of the digest behind the large cabinet
 * can be remembered.
 */
export const RELEASE_CABINET = '0Cabinet'
export const OWN_CABINET = 'Settings'

/** As src/main/launcher.ts registers it. */
export const SERVICE_NAME = 'DrydockAgent'
/** SDK, "Feature Table": a feature has at most 1,600 components. */
const COMPONENTS_PER_FEATURE = 1000

export type Content = {
  readonly spec: ReleaseSpec
  readonly kind: Kind
  readonly installed: Installed
  /** Of files that have a version resource, by key. */
  readonly versions: ReadonlyMap<string, FileVersion>
  /** What differs between distributions. */
  readonly own: { readonly productCode: string } & Pick<PackageSpec, 'enrolment'>
}

export function tablesOf(content: Content): Tables {
  const { spec, kind, own } = content
  return joined([
    productTables(spec, kind, own.productCode),
    memoryTables(spec, kind),
    fileTables(content),
    settingsTables(),
    serviceTables(),
    removalTables(),
    sequenceTables(kind),
    { Icon: [[ICON_NAME, ICON_NAME]] },
  ])
}

function joined(parts: readonly Tables[]): Tables {
  const all: Record<string, Tables[string]> = {}
  for (const part of parts) {
    for (const [name, rows] of Object.entries(part)) all[name] = [...(all[name] ?? []), ...rows]
  }
  return all
}

/** SDK, "Feature Table", Attributes: not to be advertised, and not to be left out. */
const WHOLE_OR_NOT = 8 | 16
/** SDK, "File Table", Attributes: vital; a failure ends the installation. */
const VITAL = 0x200

function fileTables({ installed, versions, own }: Content): Tables {
  const inOwnCabinet = ownFiles(own)
  const files: readonly ReleaseFile[] = [...installed.files, ...inOwnCabinet]
  return {
    Directory: installed.folders.map(({ id, parent, name }) => [id, parent || null, name]),
    Feature: [...new Set(installed.components.map((_, index) => featureOf(index)))].map((name) => {
      return [name, null, 'Agent', null, null, 1, null, WHOLE_OR_NOT]
    }),
    Component: installed.components.map(({ id, guid, folder, attributes, condition, keyPath }) => {
      return [id, guid, folder, attributes, condition, keyPath]
    }),
    FeatureComponents: installed.components.map(({ id }, index) => [featureOf(index), id]),
    File: files.map(({ key, component, name, content }, index) => {
      const { version = null, language = null } = versions.get(key) ?? {}
      return [key, component, name, sizeOf(content), version, language, VITAL, index + 1]
    }),
    // Of files without a version: one that lies there already is known by it.
    MsiFileHash: files
      .filter(({ key }) => !versions.has(key))
      .map(({ key, content }) => [key, 0, ...hashParts(content)]),
    Media: [
      [1, installed.files.length, null, `#${RELEASE_CABINET}`, null, null],
      [2, files.length, null, `#${OWN_CABINET}`, null, null],
    ],
  }
}

function featureOf(index: number): string {
  return `Agent${Math.floor(index / COMPONENTS_PER_FEATURE) + 1}`
}

export function sizeOf(content: ReleaseFile['content']): number {
  return content instanceof Uint8Array ? content.length : content.size
}

/** SDK, "MsiFileHash Table": the MD5 as four numbers, little-endian. */
function hashParts(content: ReleaseFile['content']): readonly number[] {
  const md5 =
    content instanceof Uint8Array
      ? createHash('md5').update(content).digest()
      : Buffer.from(content.md5, 'hex')
  invariant(md5.length === 16, 'an MD5 has 16 bytes')
  return [0, 4, 8, 12].map((at) => md5.readInt32LE(at))
}

/** Everybody but the system and its administrators is kept out: these hold the token. */
const LOCKED_FILE = 'D:PAI(A;;FA;;;SY)(A;;FA;;;BA)'
const LOCKED_KEY = 'D:PAI(A;;KA;;;SY)(A;;KA;;;BA)'

/** What was said on the command line, as the agent reads it (src/agent/install-settings.ts). */
function settingsTables(): Tables {
  const rows = [
    ['enrolment', 'server_url', 'SERVER_URL', 'Enrolment'],
    ['enrolment', 'distribution_id', 'DISTRIBUTION_ID', 'Enrolment'],
    ['enrolment', 'token', 'ENROL_TOKEN', 'Enrolment'],
    ['machine', 'proxy', 'PROXY_LIST', 'About'],
    ['machine', 'endpoint_tags', 'ENDPOINT_TAGS', 'About'],
    ['product', 'product_code', 'ProductCode', 'About'],
  ] as const
  return {
    IniFile: rows.map(([section, key, property, component]) => {
      const name = `Setting_${key}`
      return [name, SETTINGS_NAME, PROGRAM_FOLDER, section, key, `[${property}]`, 0, component]
    }),
    MsiLockPermissionsEx: [
      ['LockEnrolment', 'Enrolment', 'File', LOCKED_FILE, null],
      ['LockSettings', 'Settings', 'File', LOCKED_FILE, null],
      ['LockMemory', 'MemoryToken', 'Registry', LOCKED_KEY, null],
    ],
  }
}

/** SDK, "ServiceInstall Table": a process of its own, started with the machine. */
const OWN_PROCESS = 0x10
const AUTOMATIC = 2
const NORMAL_ERROR = 1
/** SDK, "ServiceControl Table", Event. */
const START = 0x1
const STOP = 0x2
const STOP_ON_UNINSTALL = 0x20
const DELETE_ON_UNINSTALL = 0x80
/** SDK, "MsiServiceConfigFailureActions Table": at installation and at repair. */
const WHEN_INSTALLED = 1 | 4
const DAY_S = 86_400
const LOCAL_MACHINE = 2 // SDK, "Registry Table", Root: HKEY_LOCAL_MACHINE
/**
 * The runtime in the launcher obeys these, and a machine's environment is everybody's who may
 * change it: set to nothing they say nothing. SDK, "Registry Table", Value: `[~]` parts the strings
 * of a REG_MULTI_SZ.
 */
const DEAF = 'BUN_OPTIONS=[~]BUN_BE_BUN=[~]BUN_INSPECT=[~]BUN_INSPECT_PRELOAD='
const SERVICE_KEY = `SYSTEM\\CurrentControlSet\\Services\\${SERVICE_NAME}`

function serviceTables(): Tables {
  const description = `Starts the agent (${LAUNCHER_NAME}), watches it and keeps it up to date.`
  const about = [SERVICE_NAME, 'Drydock Agent', OWN_PROCESS, AUTOMATIC, NORMAL_ERROR]
  const none = [null, null, null, null]
  return {
    ServiceInstall: [['Service', ...about, ...none, 'service', 'Launcher', description]],
    Registry: [['ServiceEnvironment', LOCAL_MACHINE, SERVICE_KEY, 'Environment', DEAF, 'Launcher']],
    ServiceControl: [
      // Not waited for: a service that does not start never fails an installation.
      ['StartService', SERVICE_NAME, START, null, 0, 'Launcher'],
      [
        'StopService',
        SERVICE_NAME,
        STOP | STOP_ON_UNINSTALL | DELETE_ON_UNINSTALL,
        null,
        1,
        'Launcher',
      ],
    ],
    MsiServiceConfigFailureActions: [
      [
        'RestartService',
        SERVICE_NAME,
        WHEN_INSTALLED,
        DAY_S,
        null,
        null,
        // Restart (SC_ACTION_RESTART), each time, after so many milliseconds.
        '1[~]1[~]1',
        '5000[~]5000[~]60000',
        'Launcher',
      ],
    ],
  }
}

const PURGED = 'REMOVE~="ALL" AND PURGE=1 AND NOT UPGRADINGPRODUCTCODE'
const WHEN_REMOVED = 2 // SDK, "RemoveFile Table", InstallMode
/** SDK, "Custom Action Type 34": a command line, with a folder to start it in. */
const COMMAND = 34
/** SDK: go on whatever it says; in the script, by the system's own account. */
const WHATEVER_IT_SAYS = 0x40
const IN_SCRIPT_AS_SYSTEM = 0x400 | 0x800

/**
 * What the agent wrote has names that no package knows, and Windows Installer removes no tree. Its
 * own way would be a library of ours that runs inside it; the system's `rmdir` is enough. The
 * folder is the system's ProgramData and belongs to the agent alone.
 */
function removalTables(): Tables {
  const purge = '"[System64Folder]cmd.exe" /d /c rmdir /s /q "[CommonAppDataFolder]Drydock Agent"'
  const purgeType = COMMAND | WHATEVER_IT_SAYS | IN_SCRIPT_AS_SYSTEM
  return {
    RemoveFile: [
      ['RemoveEnrolment', 'About', 'ENROL~1.JSO|enrolment.json', PROGRAM_FOLDER, WHEN_REMOVED],
      ['RemoveSettings', 'About', SETTINGS_NAME, PROGRAM_FOLDER, WHEN_REMOVED],
    ],
    CustomAction: [['Purge', purgeType, 'System64Folder', purge, null]],
    InstallExecuteSequence: [['Purge', PURGED, 3650]],
    Directory: [
      ['CommonAppDataFolder', 'TARGETDIR', '.'],
      ['System64Folder', 'TARGETDIR', '.'],
    ],
  }
}

/** SDK, "Suggested InstallExecuteSequence". */
const EXECUTE: Readonly<Record<string, number>> = {
  FindRelatedProducts: 25,
  AppSearch: 50,
  LaunchConditions: 100,
  ValidateProductID: 700,
  CostInitialize: 800,
  FileCost: 900,
  CostFinalize: 1000,
  MigrateFeatureStates: 1200,
  InstallValidate: 1400,
  InstallInitialize: 1500,
  ProcessComponents: 1600,
  UnpublishFeatures: 1800,
  StopServices: 1900,
  DeleteServices: 2000,
  RemoveIniValues: 2200,
  RemoveRegistryValues: 2600,
  RemoveFiles: 3500,
  RemoveFolders: 3600,
  CreateFolders: 3700,
  InstallFiles: 4000,
  WriteRegistryValues: 5000,
  WriteIniValues: 5100,
  InstallServices: 5800,
  MsiConfigureServices: 5850,
  StartServices: 5900,
  InstallExecute: 5950,
  RegisterUser: 6000,
  RegisterProduct: 6100,
  PublishFeatures: 6300,
  PublishProduct: 6400,
  InstallFinalize: 6600,
}

/** Nothing is looked for here: it would be, without the rights to see the token. */
const INTERFACE = ['CostInitialize', 'FileCost', 'CostFinalize']
const ADMIN = [...INTERFACE, 'InstallValidate', 'InstallInitialize', 'InstallFiles']

function sequenceTables(kind: Kind): Tables {
  const rows = (names: readonly string[]) =>
    names.map((name) => [name, null, EXECUTE[name] ?? null])
  return {
    InstallExecuteSequence: [
      ...rows(Object.keys(EXECUTE)),
      ['RemoveExistingProducts', null, KINDS[kind].removesAt],
    ],
    InstallUISequence: [...rows(INTERFACE), ['ExecuteAction', null, 1300]],
    AdminExecuteSequence: [
      ...rows([...ADMIN, 'InstallFinalize']),
      ['InstallAdminPackage', null, 3900],
    ],
    AdminUISequence: [...rows(INTERFACE), ['ExecuteAction', null, 1300]],
  }
}
