/**
 * What a package installs, as rows of a database: folders, components and files.
 *
 *   Program Files\Drydock Agent\drydock-agent.exe   of the release, in the large cabinet
 *                              \seed\...            of the release, in the large cabinet
 *                              \enrolment.json      of the distribution, in the small one
 *                              \install.ini         what was said on the command line
 *                              \installed-by
 *
 * Each file of the seed is a component, whose id is made of its path: two products that have a file
 * in common share its component, so the one that is removed last takes it away.
 */
import { utf8 } from '../../base/bytes.ts'
import { foldersAbove } from '../check-spec.ts'
import type { ArtifactRef, PackageSpec, ReleaseSpec } from '../package-spec.ts'
import { KINDS, type Kind } from './_kinds.ts'
import { guidOf } from './_names.ts'
import { flawOfName, foldedName, shortAndLong } from './_windows-names.ts'

export const PROGRAM_FOLDER = 'ProgramFolder'
export const LAUNCHER_NAME = 'drydock-agent.exe'
export const SETTINGS_NAME = 'install.ini'

export type Folder = { readonly id: string; readonly parent: string; readonly name: string }

export type Component = {
  readonly id: string
  readonly guid: string
  readonly folder: string
  readonly attributes: number
  readonly condition: string | null
  readonly keyPath: string
}

export type ReleaseFile = {
  readonly key: string
  readonly component: string
  /** `short|long`. */
  readonly name: string
  readonly content: ArtifactRef | Uint8Array
}

export type OwnFile = ReleaseFile & { readonly content: Uint8Array }

export type Installed = {
  readonly folders: readonly Folder[]
  readonly components: readonly Component[]
  /** The same for every distribution of the release. */
  readonly files: readonly ReleaseFile[]
}

/** SDK, "Component Table", Attributes. */
const IN_64_BIT_FOLDERS = 0x100
const PERMANENT = 0x10
const KEY_IS_REGISTRY = 4

const PROGRAM_FOLDERS: readonly Folder[] = [
  { id: 'TARGETDIR', parent: '', name: 'SourceDir' },
  { id: 'ProgramFiles64Folder', parent: 'TARGETDIR', name: '.' },
  { id: PROGRAM_FOLDER, parent: 'ProgramFiles64Folder', name: 'DRYDOCK|Drydock Agent' },
]

/** Whatever the release: their ids never change. */
function fixedComponents(kind: Kind): readonly Component[] {
  const fixed = (id: string, keyPath: string, attributes = 0, condition: string | null = null) => {
    const all = IN_64_BIT_FOLDERS | attributes
    const guid = guidOf(`component ${id}`)
    return { id, guid, folder: PROGRAM_FOLDER, attributes: all, condition, keyPath }
  }
  const { enrolmentCondition } = KINDS[kind]
  return [
    fixed('Launcher', 'Launcher'),
    fixed('About', 'InstalledBy'),
    fixed('Memory', 'MemoryVersion', KEY_IS_REGISTRY),
    // An in-place package leaves it alone, and the product before that one leaves it behind. The
    // last product takes it away by RemoveFile rows.
    fixed('Enrolment', 'Enrolment', PERMANENT, enrolmentCondition),
  ]
}

/** Null in place of what is wrong with it. */
export function flawOfPaths(spec: ReleaseSpec): string | null {
  const seen = new Map<string, string>()
  for (const { path } of spec.files) {
    for (const each of [...foldersAbove(path), path]) {
      const known = seen.get(foldedName(each))
      if (known !== undefined && known !== each) {
        return `the paths ${JSON.stringify(known)} and ${JSON.stringify(each)} are one on Windows`
      }
      if (known !== undefined) continue
      seen.set(foldedName(each), each)
      const flaw = flawOfName(each.slice(each.lastIndexOf('/') + 1))
      if (flaw !== null) return `the path ${JSON.stringify(each)} ${flaw}`
    }
  }
  const reserved = seen.get(foldedName('manifest.json'))
  return reserved === undefined ? null : `the path ${JSON.stringify(reserved)} is reserved`
}

export function installedFiles(spec: ReleaseSpec, kind: Kind): Installed {
  const seed = [
    { path: 'seed/manifest.json', content: spec.manifest },
    ...spec.files.map(({ path, artifact }) => ({ path: `seed/${path}`, content: artifact })),
  ]
  const tree = folderTree(seed.map(({ path }) => path))
  const files = seed.map(({ path, content }, index): ReleaseFile => {
    const key = `File${index + 1}`
    return { key, component: key, name: tree.names.get(path) ?? '', content }
  })
  const components = seed.map(({ path }, index): Component => {
    const id = `File${index + 1}`
    const folder = tree.ids.get(folderOf(path)) ?? PROGRAM_FOLDER
    const guid = guidOf(`component ${path}`)
    return { id, guid, folder, attributes: IN_64_BIT_FOLDERS, condition: null, keyPath: id }
  })
  return {
    folders: [...PROGRAM_FOLDERS, ...tree.folders],
    components: [...fixedComponents(kind), ...components],
    files: [launcherOf(spec), ...files],
  }
}

function launcherOf({ launcher }: ReleaseSpec): ReleaseFile {
  const name = `F~1.EXE|${LAUNCHER_NAME}`
  return { key: 'Launcher', component: 'Launcher', name, content: launcher }
}

/** Those of one distribution, in the small cabinet. */
export function ownFiles(spec: Pick<PackageSpec, 'enrolment'>): readonly OwnFile[] {
  return [
    {
      key: 'Enrolment',
      component: 'Enrolment',
      name: 'ENROL~1.JSO|enrolment.json',
      content: spec.enrolment,
    },
    {
      key: 'Settings',
      component: 'Enrolment',
      name: SETTINGS_NAME,
      content: EMPTY_SETTINGS,
    },
    // An agent that an in-place package moved is removed as any other that an msi brought.
    {
      key: 'InstalledBy',
      component: 'About',
      name: 'INSTAL~1|installed-by',
      content: utf8('msi\n'),
    },
  ]
}

/**
 * In UTF-16 with its mark, because Windows then writes the values in UTF-16, too; into a new file
 * it would write them in the machine's own code page.
 */
const EMPTY_SETTINGS: Uint8Array = Buffer.from('\ufeff[enrolment]\r\n', 'utf16le')

type FolderTree = {
  readonly folders: readonly Folder[]
  readonly ids: ReadonlyMap<string, string>
  /** `short|long` of every file and folder, by its path. */
  readonly names: ReadonlyMap<string, string>
}

function folderTree(paths: readonly string[]): FolderTree {
  const folderPaths = [...new Set(paths.flatMap(foldersAbove))].sort()
  const ids = new Map(folderPaths.map((path, index) => [path, `Folder${index + 1}`]))
  const names = new Map<string, string>()
  for (const [folder, inFolder] of Map.groupBy([...folderPaths, ...paths], folderOf)) {
    const prefix = folder === '' ? 0 : folder.length + 1
    const both = shortAndLong(inFolder.map((path) => path.slice(prefix)))
    for (const path of inFolder) names.set(path, both.get(path.slice(prefix)) ?? '')
  }
  const folders = folderPaths.map((path) => {
    const parent = ids.get(folderOf(path)) ?? PROGRAM_FOLDER
    return { id: ids.get(path) ?? '', parent, name: names.get(path) ?? '' }
  })
  return { folders, ids, names }
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
}
