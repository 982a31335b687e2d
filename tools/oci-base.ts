/**
 * `node tools/oci-base.ts [--check]`: makes the base layers of container images, below
 * `assets/oci-base/`, from the Debian packages that are pinned here; apt brings them, and they are
 * used only if they are these very bytes. With `--check` it compares instead of writing.
 *
 * Debian's archive keeps the newest packages only. When a pinned one is gone, or a fix is wanted
 * (`apt-get update`, then `apt-cache show`), pin the new ones and run it again: every image that is
 * made afterwards stands on the new layers.
 */
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { concatBytes, utf8 } from '../src/base/bytes.ts'
import { digestOf } from '../src/base/digest.ts'
import { Fault } from '../src/base/fault.ts'
import { ARCHES, type Arch } from '../src/base/platform.ts'
import type { ArchiveEntry } from '../src/pack/archive/entry.ts'
import { tarParts } from '../src/pack/archive/tar-gz.ts'
import { foldersAbove } from '../src/pack/check-spec.ts'

const PLACE = fileURLToPath(new URL('../assets/oci-base', import.meta.url))

type Pinned = { readonly name: string; readonly version: string; readonly sha256: string }

const CERTIFICATES: Pinned = {
  name: 'ca-certificates',
  version: '20250419~deb12u2',
  sha256: 'b9f76b5271a7ac373fd5e7e1b5b826a71ddd702b42a0d104955ecb1acfffc94b',
}

type Pins = { readonly libc: Pinned; readonly baseFiles: Pinned }

const PINS: Readonly<Record<Arch, Pins>> = {
  x64: {
    libc: {
      name: 'libc6:amd64',
      version: '2.36-9+deb12u14',
      sha256: 'ba4f88f73dbc3ae9055f3c20f4523bfdbaf1ad13ff95e258924f77d20b4fbedf',
    },
    baseFiles: {
      name: 'base-files:amd64',
      version: '12.4+deb12u15',
      sha256: '3eb1ea6d85488f488cc2a163b98ad640ef88cee4c79287cf14e361aaf6206f47',
    },
  },
  arm64: {
    libc: {
      name: 'libc6:arm64',
      version: '2.36-9+deb12u14',
      sha256: '01f4330719fd4f65580e16ea5a0527f372fca750e8f588d26deaf09f2d3b1cf4',
    },
    baseFiles: {
      name: 'base-files:arm64',
      version: '12.4+deb12u15',
      sha256: 'b1272fbdc197f7d5bd22c05b741a03840f8bec66ca68c8d797f567ff2c99d42d',
    },
  },
}

type Loader = { readonly folder: string; readonly name: string; readonly interpreter: string }

/** Where the C library lies, and the path of the loader that every program names. */
const LOADERS: Readonly<Record<Arch, Loader>> = {
  x64: {
    folder: 'lib/x86_64-linux-gnu',
    name: 'ld-linux-x86-64.so.2',
    interpreter: 'lib64/ld-linux-x86-64.so.2',
  },
  arm64: {
    folder: 'lib/aarch64-linux-gnu',
    name: 'ld-linux-aarch64.so.1',
    interpreter: 'lib/ld-linux-aarch64.so.1',
  },
}
/** What the launcher links to, and what programs of a payload commonly do beside it. */
const LIBRARIES = [
  ...['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0'],
  ...['libresolv.so.2', 'librt.so.1', 'libutil.so.1'],
]
/** The texts that the packages' copyright files refer to. */
const LICENCES = ['GPL-2', 'GPL-3', 'LGPL-2.1', 'MPL-2.0']

/** The user that images name by number; `IMAGE_USER` in src/pack/oci. */
const PASSWD = `root:x:0:0:root:/:/sbin/nologin
drydock:x:10001:10001:Drydock agent:/:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
`
const GROUP = `root:x:0:
drydock:x:10001:
nogroup:x:65534:
`

function main(): void {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  const work = mkdtempSync(join(tmpdir(), 'drydock-oci-base-'))
  try {
    const apt = openApt(work)
    const certificates = apt.unpack(CERTIFICATES)
    const base = Object.fromEntries(
      ARCHES.map((arch) => {
        const { libc, baseFiles } = PINS[arch]
        const packages = [apt.unpack(baseFiles), certificates, apt.unpack(libc)]
        return [arch, keepLayer(arch, layerOf(arch, packages), values.check)]
      }),
    )
    const text = `${JSON.stringify(base, null, 2)}\n`
    keepFile('base.json', utf8(text), values.check)
  } finally {
    rmSync(work, { recursive: true })
  }
}

type Unpacked = { readonly name: string; readonly folder: string; readonly control: Uint8Array }

/** An apt of its own, so that the machine's knows nothing of foreign processors afterwards. */
function openApt(work: string) {
  for (const folder of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(work, folder), { recursive: true })
  }
  writeFileSync(join(work, 'status'), '')
  const options = Object.entries({
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::State::Status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  }).map(([name, value]) => `-o${name}=${value}`)
  const arches = ['-oAPT::Architectures::=amd64', '-oAPT::Architectures::=arm64']
  const apt = (...words: readonly string[]) =>
    execFileSync('apt-get', [...options, ...arches, '-qq', ...words], { cwd: work })
  apt('update')
  return {
    unpack({ name, version, sha256 }: Pinned): Unpacked {
      const [plain = name] = name.split(':')
      apt('download', `${name}=${version}`)
      const [deb = ''] = readdirSync(work).filter((file) => file.endsWith('.deb'))
      const file = join(work, `${name}.package`)
      renameSync(join(work, deb), file)
      const found = digestOf(readFileSync(file))
      if (found !== sha256) {
        const doing = `checking ${name} ${version}: SHA-256 ${found}, pinned ${sha256}`
        throw new Fault({ code: 'package-differs', doing, retry: 'never' })
      }
      const folder = mkdtempSync(join(work, `${plain}-`))
      execFileSync('dpkg-deb', ['--extract', file, folder])
      const control = execFileSync('dpkg-deb', ['--field', file])
      return { name: plain, folder, control }
    },
  }
}

function layerOf(arch: Arch, packages: readonly Unpacked[]): Uint8Array {
  const file = (path: string, bytes: Uint8Array, mode = 0o644): ArchiveEntry => {
    return { kind: 'file', path, mode, content: { kind: 'bytes', bytes } }
  }
  const from = (name: string, path: string) => {
    const found = packages.find((unpacked) => unpacked.name === name)
    if (found === undefined) throw new Error(`${name} is not pinned`)
    return readFileSync(join(found.folder, path))
  }
  const { folder, name: loader, interpreter } = LOADERS[arch]
  const entries: readonly ArchiveEntry[] = [
    file('etc/group', utf8(GROUP)),
    file('etc/nsswitch.conf', utf8('hosts: files dns\n')),
    file('etc/passwd', utf8(PASSWD)),
    file('etc/os-release', from('base-files', 'usr/lib/os-release')),
    file('etc/debian_version', from('base-files', 'etc/debian_version')),
    file('etc/ssl/certs/ca-certificates.crt', bundleOf(packages)),
    ...LIBRARIES.map((name) => {
      const path = `${folder}/${name}`
      return file(path, from('libc6', path), name === 'libc.so.6' ? 0o755 : 0o644)
    }),
    file(`${folder}/${loader}`, from('libc6', `${folder}/${loader}`), 0o755),
    { kind: 'symlink', path: interpreter, target: `/${folder}/${loader}` },
    { kind: 'directory', path: 'tmp', mode: 0o1777 },
    ...LICENCES.map((name) => {
      const path = `usr/share/common-licenses/${name}`
      return file(path, from('base-files', path))
    }),
    ...packages.map(({ name }) => {
      const path = `usr/share/doc/${name}/copyright`
      return file(path, from(name, path))
    }),
    // Where scanners look for what an image without dpkg's own list is made of.
    ...packages.map(({ name, control }) => file(`var/lib/dpkg/status.d/${name}`, control)),
  ]
  const parts = tarParts(withFolders(entries), { prefix: '', timestamp: 0 })
  return concatBytes(parts.flatMap((part) => (part.kind === 'bytes' ? [part.bytes] : [])))
}

/** As `update-ca-certificates` puts them together: every certificate, by its file's name. */
function bundleOf(packages: readonly Unpacked[]): Uint8Array {
  const found = packages.find(({ name }) => name === 'ca-certificates')
  const folder = join(found?.folder ?? '', 'usr/share/ca-certificates/mozilla')
  const names = readdirSync(folder).filter((name) => name.endsWith('.crt'))
  return concatBytes(names.sort().map((name) => readFileSync(join(folder, name))))
}

/** Sorted, with every folder before what is in it. */
function withFolders(entries: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  const folders = new Set(entries.flatMap(({ path }) => foldersAbove(path)))
  const made = [...folders].map((path) => ({ kind: 'directory', path, mode: 0o755 }) as const)
  return [...made, ...entries].sort((left, right) => (left.path < right.path ? -1 : 1))
}

type KeptLayer = { readonly digest: string; readonly diffId: string; readonly size: number }

function keepLayer(arch: Arch, tar: Uint8Array, isCheck: boolean): KeptLayer {
  const file = `${arch}.tar.gz`
  const diffId = digestOf(tar)
  if (isCheck) {
    // The tar is the same everywhere; how zlib packs it depends on the processor.
    const kept = readFileSync(join(PLACE, file))
    if (digestOf(gunzipSync(kept)) !== diffId) throw differs(file)
    return { digest: digestOf(kept), diffId, size: kept.length }
  }
  const packed = new Uint8Array(gzipSync(tar, { level: 9 }))
  // RFC 1952, 2.3: the compressor's system, here unknown.
  packed[9] = 255
  keepFile(file, packed, isCheck)
  return { digest: digestOf(packed), diffId, size: packed.length }
}

function keepFile(file: string, bytes: Uint8Array, isCheck: boolean): void {
  const path = join(PLACE, file)
  if (isCheck && Buffer.compare(readFileSync(path), bytes) !== 0) throw differs(file)
  if (isCheck) return
  mkdirSync(PLACE, { recursive: true })
  writeFileSync(path, bytes)
}

function differs(file: string): Fault {
  const doing = `comparing assets/oci-base/${file} with what the pinned packages give`
  return new Fault({ code: 'base-differs', doing, retry: 'never' })
}

main()
