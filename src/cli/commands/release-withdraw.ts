import { ARCHES, LIBCS, PLATFORMS } from '../../base/platform.ts'
import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { flawOfChoice, flawOfVersion } from '../option-values.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { timeText } from '../print.ts'

export const releaseWithdraw = defineApiCommand({
  name: 'release withdraw',
  summary: 'Take a version from new distributions and upgrades',
  notes: ['What runs it goes on. Doing it again is harmless.'],
  options: {
    version: { kind: 'text', value: 'N', isRequired: true, help: 'which one' },
    platform: {
      kind: 'text',
      value: 'NAME',
      isRequired: true,
      help: 'linux, windows, macos or android',
    },
    arch: { kind: 'text', value: 'NAME', help: 'x64 or arm64 (default: both)' },
    libc: { kind: 'text', value: 'NAME', help: 'glibc or musl (default: both)' },
    reason: { kind: 'text', value: 'TEXT', help: 'for people' },
  },
  async run({ client }, values) {
    const flaw =
      flawOfVersion('--version', values.version) ??
      flawOfChoice('--platform', values.platform, PLATFORMS) ??
      flawOfChoice('--arch', values.arch, ARCHES) ??
      flawOfChoice('--libc', values.libc, LIBCS)
    if (flaw !== null) return refuseUsage(flaw)
    const { version, reason } = values
    const { releases } = await client.releases.withdraw({
      version,
      platform: PLATFORMS.find((each) => each === values.platform),
      arch: ARCHES.find((each) => each === values.arch),
      libc: LIBCS.find((each) => each === values.libc),
      reason,
    })
    const lines = releases.map(({ platform, arch, libc, withdrawn_at: at }) => {
      return `${version} for ${platform}-${arch}-${libc}: withdrawn ${timeText(at)}`
    })
    return accept({ exitCode: EXIT.done, lines, json: { releases } })
  },
})
