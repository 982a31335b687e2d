import { describe, expect, it } from 'vitest'
import { version } from '../_samples.ts'
import { belowFloors, isSameFloors, NO_FLOORS, type ReleaseFloors } from './floors.ts'

const endpoint = { version: version('8.6.0.10'), osVersion: '22.04', kernel: '6.1.0-13-amd64' }

describe('the floors of a release', () => {
  it.each<[string, Partial<ReleaseFloors>, Partial<typeof endpoint>, string | null]>([
    ['none', {}, { osVersion: '', kernel: 'rolling' }, null],
    ['the agent at it', { agentVersion: version('8.6.0.10') }, {}, null],
    [
      'the agent below it, by number',
      { agentVersion: version('8.6.0.11') },
      {},
      'agent-below-floor',
    ],
    ['the agent above it, by number', { agentVersion: version('8.6.0.9') }, {}, null],
    ['the system at it', { osVersion: '22.04' }, {}, null],
    ['a floor of fewer places', { osVersion: '22' }, {}, null],
    ['a floor of more places', { osVersion: '22.4.1' }, {}, 'os-below-floor'],
    ['zeros at the end say nothing', { osVersion: '22.4.0.0' }, {}, null],
    ['the system below it, by number', { osVersion: '22.10' }, {}, 'os-below-floor'],
    ['a system with words behind', { osVersion: '22.04' }, { osVersion: '22.04 LTS' }, null],
    ['the kernel with its build', { kernel: '6.1' }, {}, null],
    ['a newer kernel is needed', { kernel: '6.2' }, {}, 'kernel-below-floor'],
    ['a red hat kernel', { kernel: '4.18' }, { kernel: '4.18.0-553.el8.x86_64' }, null],
    ['a kernel with a plus', { kernel: '6.1.1' }, { kernel: '6.1.1+' }, null],
    ['a system without a version', { osVersion: '12' }, { osVersion: '' }, 'floor-not-comparable'],
    ['words', { osVersion: '12' }, { osVersion: 'rolling' }, 'floor-not-comparable'],
    ['a half number', { kernel: '6.1' }, { kernel: '6.x' }, 'floor-not-comparable'],
    ['far too many digits', { kernel: '6.1' }, { kernel: '9'.repeat(40) }, 'floor-not-comparable'],
    [
      'below comes before not comparable',
      { osVersion: '12', kernel: '7' },
      { osVersion: '?' },
      'kernel-below-floor',
    ],
    [
      'the agent comes first',
      { osVersion: '99', kernel: '99', agentVersion: version('9.0.0.0') },
      {},
      'agent-below-floor',
    ],
    ['the system comes next', { osVersion: '99', kernel: '99' }, {}, 'os-below-floor'],
  ])('%s', (_name, floors, given, expected) => {
    expect(belowFloors({ ...NO_FLOORS, ...floors }, { ...endpoint, ...given })).toBe(expected)
  })

  it('are the same when each is', () => {
    const floors = { osVersion: '12', kernel: '6.1', agentVersion: version('8.6.0.1') }
    expect(isSameFloors(floors, { ...floors })).toBe(true)
    for (const name of ['osVersion', 'kernel', 'agentVersion'] as const) {
      expect(isSameFloors(floors, { ...floors, [name]: null })).toBe(false)
    }
  })
})
