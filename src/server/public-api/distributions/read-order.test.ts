import { describe, expect, it } from 'vitest'
import { parse } from '../../../contract/parse.ts'
import { createDistribution } from '../../../contract/public/distributions.ts'
import { readOrder } from './read-order.ts'

function read(data: Record<string, unknown>) {
  const parsed = parse(createDistribution, { name: 'n', ...data }, ['request_data'])
  if (!parsed.ok) throw new Error(`the schema refuses ${JSON.stringify(parsed.refusal)}`)
  return readOrder(parsed.value)
}

describe('what an order means', () => {
  it.each([
    [
      'the document: standalone, named version field',
      { package_type: 'standalone', platform: 'windows', agent_version: 'windows_version' },
      'standalone',
      'windows',
      null,
    ],
    [
      'the document: upgrade, named version field',
      { package_type: 'upgrade', agent_version: 'windows_version' },
      'in-place',
      'windows',
      null,
    ],
    [
      'the document: kubernetes on linux',
      { package_type: 'kubernetes', platform: 'linux', agent_version: '8.8.0.10594' },
      'kubernetes',
      'linux',
      '8.8.0.10594',
    ],
    [
      'a version',
      { package_type: 'standalone', platform: 'linux', agent_version: '8.6.0.1' },
      'standalone',
      'linux',
      '8.6.0.1',
    ],
    [
      'latest',
      { package_type: 'standalone', platform: 'linux', agent_version: 'latest' },
      'standalone',
      'linux',
      null,
    ],
    ['no version', { package_type: 'standalone', platform: 'linux' }, 'standalone', 'linux', null],
    [
      'a named field with a value',
      {
        package_type: 'standalone',
        platform: 'linux',
        agent_version: 'linux_version',
        linux_version: '8.6.0.2',
      },
      'standalone',
      'linux',
      '8.6.0.2',
    ],
    [
      'a named field that implies the platform',
      { package_type: 'standalone', agent_version: 'macos_version' },
      'standalone',
      'macos',
      null,
    ],
    [
      'an upgrade by its one version field',
      { package_type: 'upgrade', windows_version: '8.6.0.1234', description: null },
      'in-place',
      'windows',
      '8.6.0.1234',
    ],
    [
      'kubernetes without a platform',
      { package_type: 'kubernetes', agent_version: '8.8.0.1' },
      'kubernetes',
      'linux',
      '8.8.0.1',
    ],
    [
      'standalone for kubernetes',
      { package_type: 'standalone', platform: 'kubernetes' },
      'kubernetes',
      'linux',
      null,
    ],
    [
      'standalone for helm',
      { package_type: 'standalone', platform: 'helm' },
      'helm',
      'linux',
      null,
    ],
    [
      'letter case',
      { package_type: 'Standalone', platform: 'Android' },
      'standalone',
      'android',
      null,
    ],
    [
      'the version field of another platform is not looked at',
      { package_type: 'standalone', platform: 'linux', windows_version: '1.1.1.1' },
      'standalone',
      'linux',
      null,
    ],
  ])('%s', (_name, data, kind, platform, version) => {
    expect(read(data)).toMatchObject({ ok: true, value: { kind, platform, version } })
  })

  it.each([
    ['no platform at all', { package_type: 'standalone' }, 'platform'],
    ['an upgrade of nothing', { package_type: 'upgrade' }, 'platform'],
    ['an upgrade for Android', { package_type: 'upgrade', platform: 'android' }, 'platform'],
    [
      'two version fields and no platform',
      { package_type: 'upgrade', windows_version: '1.1.1.1', linux_version: '1.1.1.1' },
      'linux_version',
    ],
    [
      'a named field of another platform',
      { package_type: 'standalone', platform: 'linux', agent_version: 'windows_version' },
      'agent_version',
    ],
    [
      'two versions',
      {
        package_type: 'standalone',
        platform: 'linux',
        agent_version: '1.1.1.1',
        linux_version: '2.2.2.2',
      },
      'agent_version',
    ],
    ['helm on windows', { package_type: 'helm', platform: 'windows' }, 'platform'],
    ['serverless', { package_type: 'serverless' }, 'package_type'],
    ['a serverless platform', { package_type: 'standalone', platform: 'serverless' }, 'platform'],
  ])('%s is refused by the name of the field', (_name, data, field) => {
    expect(read(data)).toMatchObject({ ok: false, refusal: [{ loc: ['request_data', field] }] })
  })

  it('keeps everything that was ordered, used or not', () => {
    const data = {
      package_type: 'standalone',
      platform: 'linux',
      description: 'd',
      deployment_platform: 'openshift',
      default_namespace: 'agents',
      node_selector: { pool: 'a', empty: null },
      proxy: ['10.0.0.1:8080'],
      cluster_name: 'c',
      run_on_master_node: true,
      run_on_all_nodes: false,
      endpoint_tags: ['x', 'y', 'x'],
      enrolments_max: 5,
      enrol_until: 1_800_000_000_000,
    }
    expect(read(data)).toEqual({
      ok: true,
      value: {
        name: 'n',
        description: 'd',
        kind: 'standalone',
        platform: 'linux',
        version: null,
        endpointTags: ['x', 'y'],
        proxy: ['10.0.0.1:8080'],
        clusterName: 'c',
        placement: {
          flavour: 'openshift',
          namespace: 'agents',
          nodeSelector: { pool: 'a', empty: '' },
          runOnMasterNode: true,
          runOnAllNodes: false,
        },
        limits: { endpointsMax: 5, until: 1_800_000_000_000 },
      },
    })
  })
})
