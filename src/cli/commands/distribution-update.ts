import * as z from 'zod'
import { accept } from '../../base/result.ts'
import { updateDistribution } from '../../contract/public/distributions.ts'
import { defineApiCommand } from '../command.ts'
import { ENROLMENT_OPTIONS, readEnrolmentLimits } from '../enrolment-options.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { fieldLines, timeText } from '../print.ts'

export const distributionUpdate = defineApiCommand({
  name: 'distribution update',
  summary: 'Change name, description or limits, or revoke the token',
  notes: [
    '--revoke-token refuses new endpoints that come with the packages made so far, and builds',
    'others. Endpoints that enrolled already go on.',
  ],
  operands: [{ name: 'ID', help: 'what "drydock distribution list" shows', count: 'one' }],
  options: {
    name: { kind: 'text', value: 'NAME', help: 'what to call it' },
    description: { kind: 'text', value: 'TEXT', help: 'for people, or none' },
    ...ENROLMENT_OPTIONS,
    'revoke-token': { kind: 'flag', help: 'the packages made so far let nobody in' },
  },
  async run({ io, client }, values, [id = '']) {
    const limits = readEnrolmentLimits(values, io.clock.now())
    if (!limits.ok) return limits
    const { name, description } = values
    const change = updateDistribution.safeParse({
      distribution_id: id,
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description: toText(description) }),
      ...limits.value,
      ...(values['revoke-token'] ? { revoke_token: true } : {}),
    })
    if (!change.success) {
      return refuseUsage('This cannot be changed.', z.prettifyError(change.error))
    }
    const row = await client.distributions.update(change.data)
    const lines = fieldLines([
      ['id', row.distribution_id],
      ['name', row.name],
      ['description', row.description ?? ''],
      ['status', row.status],
      ['endpoints', `${row.enrolments} of ${row.enrolments_max ?? 'any number'}`],
      ['enrol until', timeText(row.enrol_until)],
    ])
    return accept({ exitCode: EXIT.done, lines, json: row })
  },
})

function toText(description: string): string | null {
  return description === 'none' ? null : description
}
