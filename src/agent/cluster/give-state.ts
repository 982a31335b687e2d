/**
 * `drydock-agent give-state USER`: what a pod's first container does, as root with CHOWN alone. The
 * kubelet makes a folder of the node as root's, and the agent is not root. Only an empty one is
 * given away: whatever lies in it is somebody's, an agent's that was installed on the machine
 * itself perhaps.
 */
import { chmodSync, chownSync, lstatSync, readdirSync } from 'node:fs'
import { accept, type Result, refuse } from '../../base/result.ts'

export type NotGiven = {
  readonly code: 'not-a-folder' | 'foreign-folder' | 'folder-in-use'
  readonly why: string
}

/** Repeatable: a folder that was given stays as it is. */
export function giveState(
  folder: string,
  userId: number,
  ownId: number,
): Result<'given' | 'was-given', NotGiven> {
  const stat = lstatSync(folder)
  const { uid } = stat
  if (!stat.isDirectory()) return refuse({ code: 'not-a-folder', why: `${folder} is no folder` })
  if (uid === userId) return accept('was-given')
  if (uid !== ownId) {
    return refuse({ code: 'foreign-folder', why: `${folder} belongs to user ${uid}` })
  }
  if (readdirSync(folder).length > 0) {
    return refuse({
      code: 'folder-in-use',
      why: `${folder} is not empty: another agent's, perhaps`,
    })
  }
  // In this order, because nobody but its owner may do the first without further rights.
  chmodSync(folder, 0o700)
  chownSync(folder, userId, userId)
  return accept('given')
}
