import { PLATFORMS } from '../../base/platform.ts'
import { accept } from '../../base/result.ts'
import type { ReleaseObject } from '../../contract/public/releases.ts'
import { defineApiCommand } from '../command.ts'
import { flawOfChoice } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { timeText } from '../print.ts'
import { tableLines } from '../table.ts'

export const releaseList = defineApiCommand({
  name: 'release list',
  summary: 'List the releases that can be installed',
  options: {
    platform: { kind: 'text', value: 'NAME', help: 'only those for this platform' },
  },
  async run({ io, client }, values) {
    const platform = PLATFORMS.find((each) => each === values.platform)
    const flaw = flawOfChoice('--platform', values.platform, PLATFORMS)
    if (flaw !== null) return refuseUsage(flaw)
    const { releases } = await client.releases.list(platform === undefined ? {} : { platform })
    const lines = tableLines(
      [
        { title: 'VERSION', cell: (release) => release.version },
        { title: 'TARGET', cell: targetText },
        { title: 'PAYLOAD', cell: payloadText, least: 12 },
        { title: 'PUBLISHED', cell: (release) => timeText(release.published_at), spare: 1 },
        { title: 'NOTES', cell: notesText, least: 8, spare: 2 },
      ],
      releases,
      io.stdout,
    )
    return accept({ exitCode: EXIT.done, lines, json: releases })
  },
})

function targetText({ platform, arch, libc }: ReleaseObject): string {
  return `${platform}-${arch}${libc === 'musl' ? '-musl' : ''}`
}

function payloadText({ payload }: ReleaseObject): string {
  return payload?.run.join(' ') ?? 'none'
}

function notesText({ notes, withdrawn_at: withdrawnAt, floors }: ReleaseObject): string {
  const withdrawn = withdrawnAt === null ? '' : `withdrawn ${timeText(withdrawnAt)}`
  const needs = Object.entries({
    system: floors.os_version,
    kernel: floors.kernel,
    agent: floors.agent_version,
  }).flatMap(([name, floor]) => (floor === null ? [] : [`${name} ${floor}`]))
  const floorText = needs.length === 0 ? '' : `needs ${needs.join(', ')}`
  const [firstLine] = (notes ?? '').split('\n', 1)
  return [withdrawn, floorText, firstLine].filter((part) => part !== '').join('; ')
}
