/**
 * Where everything of the agent lies on a machine. `root` is empty on a real machine and a folder
 * for `--root DIR`; the program folder may lie elsewhere when the installer was told so.
 */
import { dirname, join } from 'node:path'
import type { Digest } from '../base/digest.ts'

const PROGRAM_FOLDER = '/opt/drydock-agent'
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
  /** The agent's own folder; everything below is written by launcher and agent only. */
  readonly state: string
  readonly identity: string
  readonly machineId: string
  readonly slots: string
  readonly journal: string
  readonly running: string
  readonly lock: string
  readonly statusSocket: string
  readonly store: string
  readonly versions: string
  readonly partial: string
}

export function layoutOf(root: string, program: string): Layout {
  const state = join(root, '/var/lib/drydock-agent')
  return {
    root,
    program,
    seed: join(program, 'seed'),
    enrolment: join(program, 'enrolment.json'),
    installedBy: join(program, 'installed-by'),
    settings: join(root, '/etc/drydock-agent/agent.json'),
    state,
    identity: join(state, 'identity.json'),
    machineId: join(root, '/etc/machine-id'),
    slots: join(state, 'slots.json'),
    journal: join(state, 'update.json'),
    running: join(state, 'running.json'),
    lock: join(state, 'launcher.lock'),
    statusSocket: join(state, 'status.sock'),
    store: join(state, 'store'),
    versions: join(state, 'versions'),
    partial: join(state, 'partial'),
  }
}

/** Of the installation that an executable belongs to: on a real machine it lies beside the rest. */
export function layoutFor(root: string, executable: string): Layout {
  return layoutOf(root, root === '' ? dirname(executable) : join(root, PROGRAM_FOLDER))
}

export function versionFolder(layout: Layout, manifestDigest: Digest | string): string {
  return join(layout.versions, manifestDigest)
}
