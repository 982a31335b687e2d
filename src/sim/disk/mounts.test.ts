/** The disk of a simulated machine does what the disk of this one does. */
import * as ownDisk from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { array, assert, constantFrom, oneof, property, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Disk } from '../../agent/machine/disk.ts'
import { utf8 } from '../../base/bytes.ts'
import { Chance } from '../chance.ts'
import { Quiet } from '../quiet.ts'
import { ProcessClock, Timeline } from '../virtual-clock.ts'
import { Drive } from './drive.ts'
import { Mounts } from './mounts.ts'

function newDisk() {
  const mounts = new Mounts(new Quiet())
  const drive = new Drive(new Chance('1'), { onCut() {}, onError() {} })
  const mount = mounts.mount(drive, new ProcessClock(new Timeline(0)))
  return { mounts, drive, mount }
}

function write(disk: Disk, path: string, flags: 'wx' | 'a'): number {
  const descriptor = disk.openSync(path, flags, 0o600)
  try {
    return disk.writeSync(descriptor, utf8('content'), 0)
  } finally {
    disk.closeSync(descriptor)
  }
}

type Action = (disk: Disk, path: string, other: string) => unknown

const WITH_FOLDERS: Readonly<Record<string, Action>> = {
  mkdir: (disk, path) => void disk.mkdirSync(path, { recursive: true, mode: 0o700 }),
  names: (disk, path) => disk.readdirSync(path).sort(),
  rename: (disk, path, other) => disk.renameSync(path, other),
  rmdir: (disk, path) => disk.rmdirSync(path),
}

const WITH_FILES: Readonly<Record<string, Action>> = {
  create: (disk, path) => write(disk, path, 'wx'),
  append: (disk, path) => write(disk, path, 'a'),
  rename: (disk, path, other) => disk.renameSync(path, other),
  link: (disk, path, other) => disk.linkSync(path, other),
  copy: (disk, path, other) => disk.copyFileSync(path, other, ownDisk.constants.COPYFILE_EXCL),
  unlink: (disk, path) => disk.unlinkSync(path),
}

const WITH_BOTH: Readonly<Record<string, Action>> = {
  size: (disk, path) => {
    const stat = disk.lstatSync(path, { throwIfNoEntry: false })
    return stat?.isFile() ? stat.size : stat?.isDirectory()
  },
  read: (disk, path) => Buffer.from(disk.readFileSync(path)).toString(),
  access: (disk, path) => disk.accessSync(path, ownDisk.constants.R_OK),
  readlink: (disk, path) => disk.readlinkSync(path),
  fsync: (disk, path) => {
    const descriptor = disk.openSync(path, 'r')
    disk.fsyncSync(descriptor)
    disk.closeSync(descriptor)
  },
}

function outcome(act: () => unknown): unknown {
  try {
    return act()
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

const ACTIONS = { ...WITH_FOLDERS, ...WITH_FILES, ...WITH_BOTH }

const folder = constantFrom('a', 'b', 'a/c', 'b/c')
const file = constantFrom('a/x', 'a/y', 'b/x', 'a/c/x', 'none/x')
/** Launcher and agent know which of their names are folders. */
const action = oneof(
  tuple(constantFrom(...Object.keys(WITH_FOLDERS)), folder, folder),
  tuple(constantFrom(...Object.keys(WITH_FILES)), file, file),
  tuple(constantFrom(...Object.keys(WITH_BOTH)), oneof(folder, file), file),
)

describe('the disk of a simulated machine', () => {
  it('says and does what a real one does', () => {
    assert(
      property(array(action, { minLength: 5, maxLength: 40 }), (actions) => {
        const real = ownDisk.mkdtempSync(join(tmpdir(), 'drydock-disk-'))
        const { mounts, mount } = newDisk()
        mounts.mkdirSync(`${mount.root}/top`, { mode: 0o700 })
        try {
          for (const [name, first, second] of actions) {
            const act = (disk: Disk, root: string) =>
              outcome(() => ACTIONS[name]?.(disk, join(root, first), join(root, second)))
            const about = `${name} ${first} ${second} after ${JSON.stringify(actions)}`
            expect(act(mounts, `${mount.root}/top`), about).toEqual(act(ownDisk, real))
          }
        } finally {
          ownDisk.rmSync(real, { recursive: true })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('fails when it is full, and writes what there is room for', () => {
    const { mounts, mount, drive } = newDisk()
    drive.tree.capacity = 256 + 3
    expect(write(mounts, `${mount.root}/a`, 'wx')).toBe(3)
    expect(outcome(() => write(mounts, `${mount.root}/a`, 'a'))).toBe('ENOSPC')
    expect(outcome(() => write(mounts, `${mount.root}/b`, 'wx'))).toBe('ENOSPC')
    expect(mounts.statfsSync(`${mount.root}/a`)).toEqual({ bavail: 0, bsize: 1 })
  })

  it('does nothing any more for a process that has ended', () => {
    const { mounts, mount, drive } = newDisk()
    const descriptor = mounts.openSync(`${mount.root}/a`, 'wx')
    mount.end()
    expect(outcome(() => mounts.writeSync(descriptor, utf8('late'), 0))).toBe('EBADF')
    expect(outcome(() => write(mounts, `${mount.root}/b`, 'wx'))).toBe('EIO')
    expect([...drive.tree.root.names.keys()]).toEqual(['a'])
  })

  it.each([
    ['before', true, ['a'], 'EIO'],
    ['after', true, ['a', 'b'], 'EIO'],
    // Another process is gone, and this one goes on.
    ['before', false, ['a', 'b'], undefined],
    ['after', false, ['a', 'b'], undefined],
  ] as const)('is cut off %s a change, and fails who is gone (%s)', (when, isGone, names, said) => {
    const mounts = new Mounts(new Quiet())
    const cuts: unknown[] = []
    const onCut = (takes: unknown) => {
      cuts.push(takes)
      if (isGone) mount.end()
    }
    const drive = new Drive(new Chance('1'), { onCut, onError() {} })
    const mount = mounts.mount(drive, new ProcessClock(new Timeline(0)))
    drive.cut = { atChange: 2, when, takes: 'agent' }
    mounts.mkdirSync(`${mount.root}/a`, { mode: 0o700 })
    expect(outcome(() => mounts.mkdirSync(`${mount.root}/b`, { mode: 0o700 }))).toBe(said)
    expect([...drive.tree.root.names.keys()]).toEqual(names)
    expect(cuts).toEqual(['agent'])
  })
})
