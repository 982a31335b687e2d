/** From an ordered distribution to a package on the disk: the steps that several commands share. */

import type * as z from 'zod'
import { unreachable } from '../base/invariant.ts'
import { accept, type Result } from '../base/result.ts'
import {
  type distributionStatusReply,
  PACKAGE_TYPES,
  type PackageType,
} from '../contract/public/distributions.ts'
import type { ApiContext } from './command.ts'
import { choosePath, downloadFile } from './download-file.ts'
import { flawOfChoice } from './option-values.ts'
import { EXIT, type Failure, refuseFailed, refuseTimedOut, refuseUsage } from './outcome.ts'
import { pollUntilDone } from './poll.ts'

type Status = z.infer<typeof distributionStatusReply>

/** A build takes milliseconds; a server that is busy with other things, seconds. */
export const WAIT_S_DEFAULT = 120
const PAUSE_MS = { first: 50, most: 2000 }

/** Until it is completed; a failed build is a refusal. */
export async function awaitDistribution(
  context: ApiContext,
  id: string,
  limitS: number,
): Promise<Result<Status, Failure>> {
  const { io, client } = context
  let isTroubleTold = false
  const status = await pollUntilDone(io, {
    ask: () => client.distributions.getStatus(id),
    look: (seen) => (seen.status === 'In progress' ? 'same' : 'done'),
    onTrouble: () => {
      if (!isTroubleTold) io.stderr.write('The server does not answer; asking again.\n')
      isTroubleTold = true
    },
    pauseMs: PAUSE_MS,
    limitMs: limitS * 1000,
  })
  const ask = `"drydock distribution status ${id}" tells how it goes on.`
  if (status === null) {
    return refuseTimedOut(`distribution ${id} was not built within ${limitS} s`, ask)
  }
  switch (status.status) {
    case 'Completed':
      return accept(status)
    case 'Failed':
      return failedBuild(id, status)
    case 'In progress':
      return refuseTimedOut(`distribution ${id} is still being built`, ask)
    default:
      return unreachable(status.status)
  }
}

export function failedBuild(id: string, status: Status) {
  const { reason, message } = status
  const failure: Failure = {
    exitCode: EXIT.failed,
    message: `distribution ${id} could not be built`,
    hints: message === null ? [] : [message],
    reason,
  }
  return { ok: false, refusal: failure } as const
}

export type DownloadOrder = { readonly packageType: PackageType; readonly path: string | undefined }

/** The API calls these by their processor, or by what they are. */
const CALLED: Readonly<Record<string, string>> = { msi: 'x64 or arm', chart: 'helm', yml: 'yaml' }

export function flawOfPackageType(option: string, text: string): string | null {
  const own = CALLED[text]
  if (own !== undefined) return `${option} is ${own} for what you call "${text}".`
  return flawOfChoice(option, text, PACKAGE_TYPES)
}

/** `deb`, or `deb=PATH`. */
export function parseDownload(text: string): Result<DownloadOrder, Failure> {
  const [, name = '', path] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? []
  const packageType = PACKAGE_TYPES.find((each) => each === name)
  if (packageType === undefined) {
    return refuseUsage(flawOfPackageType('--download', name) ?? '--download is empty.')
  }
  if (path === '') return refuseUsage(`--download ${name}= names no path.`)
  return accept({ packageType, path })
}

export type Downloaded = {
  readonly package_type: string
  readonly path: string
  readonly size: number
  readonly sha256: string
}

export async function downloadPackages(
  context: ApiContext,
  id: string,
  orders: readonly DownloadOrder[],
): Promise<Result<readonly Downloaded[], Failure>> {
  const done: Downloaded[] = []
  for (const { packageType, path: wanted } of orders) {
    const reply = await context.client.distributions.getDistUrl({
      distribution_id: id,
      package_type: packageType,
    })
    const file = { ...reply, url: reply.distribution_url }
    if (!URL.canParse(file.url)) {
      return refuseFailed(`the server gave "${file.url}", which is no address to download from`)
    }
    const path = await downloadFile(context, file, await choosePath(wanted, file))
    if (!path.ok) return path
    const { size, sha256 } = reply
    done.push({ package_type: packageType, path: path.value, size, sha256 })
  }
  return accept(done)
}
