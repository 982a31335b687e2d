/**
 * A machine in a folder: busybox as its shell and tools, a service manager that writes down what it
 * is told, and chroot to get there. So scripts run as root with the paths they will have, and touch
 * nothing outside.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { needs } from '../../../test/needs.ts'
import type { Arch, Target } from '../../base/platform.ts'

const BUSYBOX = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path)) ?? ''

export const nativeArch: Arch = process.arch === 'arm64' ? 'arm64' : 'x64'
export const nativeTarget: Target = { platform: 'linux', arch: nativeArch, libc: 'glibc' }
const LOADER = { x64: 'lib64/ld-linux-x86-64.so.2', arm64: 'lib/ld-linux-aarch64.so.1' }

/** For `skipIf`: a chroot takes root, and a busybox that needs no libraries inside it. */
export function canChroot(): boolean {
  if (!needs('busybox', 'chroot') || process.getuid?.() !== 0) return false
  return !readFileSync(BUSYBOX).includes(LOADER[nativeArch])
}

/** Enabled is what `enable` has made so; the calls are written to `/calls`. */
const SYSTEMCTL = `\
#!/bin/sh
echo "$*" >>/calls
case "$*" in
  *is-enabled*) [ -e /enabled ] || exit 1 ;;
  *enable*) : >/enabled ;;
  *disable*) rm -f /enabled ;;
esac
[ ! -e /systemctl-fails ]
`

export class Machine implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'drydock-machine-'))

  constructor(services: 'systemd' | 'none') {
    mkdirSync(join(this.root, 'bin'))
    copyFileSync(BUSYBOX, join(this.root, 'bin/busybox'))
    chmodSync(join(this.root, 'bin/busybox'), 0o755)
    for (const folder of ['dev', 'tmp', 'run', 'etc', 'opt', 'usr/bin', 'var/lib']) {
      mkdirSync(join(this.root, folder), { recursive: true })
    }
    mkdirSync(join(this.root, 'var/lib/drydock-agent'))
    const setUp = '/bin/busybox --install -s /bin && /bin/mknod /dev/null c 1 3'
    this.run(['/bin/busybox', 'sh', '-c', setUp])
    this.write(LOADER[nativeArch], '')
    if (services === 'systemd') {
      mkdirSync(join(this.root, 'run/systemd/system'), { recursive: true })
      this.write('bin/systemctl', SYSTEMCTL, 0o755)
    }
  }

  /** A program of the machine that the test runs on, with the libraries it is linked to. */
  addProgram(program: string): void {
    const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' })
    for (const path of [program, ...(stdout.match(/\/\S+/g) ?? [])]) {
      this.write(path, readFileSync(path), 0o755)
    }
  }

  at(path: string): string {
    return join(this.root, path)
  }

  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    mkdirSync(dirname(this.at(path)), { recursive: true })
    rmSync(this.at(path), { force: true })
    writeFileSync(this.at(path), content)
    chmodSync(this.at(path), mode)
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8')
  }

  has(path: string): boolean {
    return existsSync(this.at(path))
  }

  /** What the service manager was told since the last time. */
  calls(): readonly string[] {
    if (!this.has('calls')) return []
    const lines = this.read('calls').split('\n').slice(0, -1)
    rmSync(this.at('calls'))
    return lines
  }

  run(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const done = spawnSync('chroot', [this.root, ...words], {
      encoding: 'utf8',
      env: { PATH: '/bin:/usr/sbin:/usr/bin:/sbin', ...environment },
    })
    if (done.error !== undefined) throw done.error
    return { status: done.status, output: `${done.stdout}${done.stderr}`, signal: done.signal }
  }

  [Symbol.dispose](): void {
    this.#endAgent()
    rmSync(this.root, { recursive: true, force: true })
  }

  /** A test that failed half-way must not leave the agent it had started. */
  #endAgent(): void {
    if (!this.has('run/drydock-agent.pid')) return
    const pid = Number(this.read('run/drydock-agent.pid'))
    if (!(pid > 1)) return
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Best effort: it has ended already.
    }
  }
}
