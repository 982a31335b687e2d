/**
 * Where everything of the agent lies on a machine. `root` is empty on a real machine and a folder
 * for `--root DIR`; the program folder may lie elsewhere when the installer was told so.
 */
import { dirname, join } from 'node:path'
import type { Digest } from '../base/digest.ts'
import { type AgentPlatform, OWN_PLATFORM } from './machine/platform.ts'

/** The signed envelope, in the seed and in every version directory. */
export const MANIFEST_FILE = 'manifest.json'

export type Layout = {
  readonly root: string
  /** What the package brings: launcher, seed, enrolment. */
  readonly program: string
  readonly seed: string
  readonly enrolment: string
  readonly installedBy: string
  /** The administrator's own file. */
  readonly settings: string
  /** There in a pod of a cluster only: what the manifest says of it. */
  readonly cluster: string
  /** What the launcher of this very pod does; not of another that shares the state folder. */
  readonly podState: string
  /** The agent's own folder; everything below is written by launcher and agent only. */
  readonly state: string
  readonly identity: string
  /** Below a root only: a real machine says its id itself. */
  readonly machineId: string
  readonly slots: string
  readonly journal: string
  readonly running: string
  readonly lock: string
  readonly status: string
  readonly log: string
  readonly store: string
  readonly versions: string
  readonly partial: string
}

type Places = {
  /** What stands before the places where there is no root. */
  readonly drive: string
  readonly program: string
  readonly state: string
  readonly settings: string
  readonly machineId: string
}

const UNIX: Places = {
  drive: '/',
  program: 'opt/drydock-agent',
  state: 'var/lib/drydock-agent',
  settings: 'etc/drydock-agent/agent.json',
  machineId: 'etc/machine-id',
}

const PLACES: Readonly<Record<AgentPlatform, Places>> = {
  linux: UNIX,
  // Nothing below /Library: Migration Assistant would give a second Mac this one's identity.
  macos: { ...UNIX, state: 'var/db/drydock-agent' },
  windows: {
    drive: 'C:/',
    program: 'Program Files/Drydock Agent',
    state: 'ProgramData/Drydock Agent',
    settings: 'ProgramData/Drydock Agent/config/agent.json',
    machineId: 'ProgramData/machine-id',
  },
}

export function layoutOf(root: string, program: string, platform = OWN_PLATFORM): Layout {
  const places = PLACES[platform]
  const top = root === '' ? places.drive : root
  const state = join(top, places.state)
  return {
    root,
    program,
    seed: join(program, 'seed'),
    enrolment: join(program, 'enrolment.json'),
    installedBy: join(program, 'installed-by'),
    settings: join(top, places.settings),
    cluster: join(dirname(join(top, places.settings)), 'cluster.json'),
    // Each pod has a memory of its own there, writable when nothing else is, gone with the pod.
    podState: join(top, 'dev/shm/drydock-agent.json'),
    state,
    identity: join(state, 'identity.json'),
    machineId: join(top, places.machineId),
    slots: join(state, 'slots.json'),
    journal: join(state, 'update.json'),
    running: join(state, 'running.json'),
    lock: join(state, 'launcher.lock'),
    status: join(state, 'status.sock'),
    log: join(state, 'agent.log'),
    store: join(state, 'store'),
    versions: join(state, 'versions'),
    partial: join(state, 'partial'),
  }
}

/** Of the installation that an executable belongs to: on a real machine it lies beside the rest. */
export function layoutFor(root: string, executable: string, platform = OWN_PLATFORM): Layout {
  const program = root === '' ? dirname(executable) : programFolder(root, platform)
  return layoutOf(root, program, platform)
}

/** Where packages put the program below a root. */
export function programFolder(root: string, platform = OWN_PLATFORM): string {
  return join(root, PLACES[platform].program)
}

export function versionFolder(layout: Layout, manifestDigest: Digest | string): string {
  return join(layout.versions, manifestDigest)
}
