import { describe, expect, it } from 'vitest'
import type { EndpointId } from '../../base/ids.ts'
import type { Health } from '../endpoint/endpoint.ts'
import { UPGRADE_STATES, type Upgrade } from '../upgrade/upgrade.ts'
import { reportOfHealth, reportOfUpgrade } from './agent-report.ts'

const endpointId = 'e1' as EndpointId
const upgrade = { endpointId, reason: 'r', message: 'm' } as Upgrade

describe('the report of an upgrade', () => {
  it.each(UPGRADE_STATES.map((state) => [state]))('that is %s', (state) => {
    const results = {
      succeeded: 'success',
      failed: 'failure',
      'rolled-back': 'failure',
      'timed-out': 'failure',
    }
    const result = Reflect.get(results, state)
    const told = { endpointId, kind: 'upgrade', reason: 'r', message: 'm', result }
    const report = reportOfUpgrade('offered', { ...upgrade, state })
    if (result === undefined) expect(report).toBeNull()
    else expect(report).toMatchObject(told)
  })

  it('is made once', () => {
    expect(reportOfUpgrade('failed', { ...upgrade, state: 'failed' })).toBeNull()
    expect(reportOfUpgrade('timed-out', { ...upgrade, state: 'succeeded' })).not.toBeNull()
  })
})

describe('the report of an endpoint that', () => {
  const well: Health = { status: 'healthy', details: [] }
  const ill: Health = { status: 'unhealthy', details: [{ title: 't', reason: 'r' }] }
  it.each([
    ['stays well', well, well, null],
    ['stays ill', ill, { ...ill, details: [] }, null],
    ['falls ill', well, ill, { kind: 'unhealthy', reason: 't', message: 'r', result: 'failure' }],
    ['falls ill without a word', well, { ...ill, details: [] }, { reason: null, message: null }],
    ['gets well', ill, well, { kind: 'healthy', result: 'success', severity: 'informational' }],
  ])('%s', (_name, before, after, told) => {
    const report = reportOfHealth(endpointId, before, after)
    if (told === null) expect(report).toBeNull()
    else expect(report).toMatchObject(told)
  })
})
