import { describe, expect, it } from 'vitest'
import { sampleEndpoint } from '../../client/testing/endpoint.ts'
import type { FakeCalls } from '../../client/testing/fake-server.ts'
import { startTestCli } from '../testing/terminal.ts'

const A = 'a'.repeat(32)
const B = 'b'.repeat(32)

/** Two endpoints that are called `web`, with the alias `w`, and what is asked of them. */
function fleet() {
  const asked: unknown[] = []
  const done = (data: unknown) => {
    asked.push(data)
    return true as const
  }
  const calls: FakeCalls = {
    'endpoints/get_endpoint': ({ filters }) => {
      const [filter] = filters ?? []
      const isWeb = ['hostname web', 'alias w'].includes(`${filter?.field} ${filter?.value}`)
      const endpoints = isWeb ? [A, B].map((id) => sampleEndpoint(id, 'web')) : []
      return { total_count: endpoints.length, result_count: endpoints.length, endpoints }
    },
    'endpoints/update_agent_name': done,
    'endpoints/delete': done,
    'tags/agents/assign': done,
    'tags/agents/remove': done,
  }
  return { calls, asked }
}

const filters = [{ field: 'endpoint_id_list', operator: 'in', value: [A, B] }]

describe('endpoint rename, tag, untag, delete', () => {
  it.each([
    ['rename', ['--alias', 'w-1'], { filters, alias: 'w-1' }, '2 endpoints now called w-1.\n'],
    ['rename', ['--clear'], { filters, alias: '' }, '2 endpoints now without an alias.\n'],
    ['tag', ['--tag', 'new'], { filters, tag: 'new' }, '2 endpoints now with the tag new.\n'],
    ['untag', ['--tag', 'new'], { filters, tag: 'new' }, '2 endpoints now without the tag new.\n'],
    ['delete', [], { filters }, '2 endpoints deleted.\n'],
  ])('%s %j asks for it, by id, name and alias', async (verb, words, data, stdout) => {
    const { calls, asked } = fleet()
    await using cli = await startTestCli(calls)
    for (const name of ['web', 'w']) {
      const told = await cli.run('endpoint', verb, A, name, ...words)
      expect(told).toEqual({ code: 0, stdout, stderr: '' })
    }
    expect(asked).toEqual([data, data])
  })

  it.each([
    ['nobody has the name', ['delete', 'nobody'], 1, 'there is no endpoint called nobody'],
    ['nobody is named', ['delete'], 2, 'ENDPOINT is missing'],
    ['no alias is said', ['rename', A], 2, '--alias TEXT or --clear'],
    ['both are said', ['rename', A, '--clear', '--alias', 'a'], 2, '--alias TEXT or --clear'],
    ['no tag is said', ['tag', A], 2, '--tag is missing'],
  ])('changes nothing when %s', async (_case, words, code, text) => {
    const { calls, asked } = fleet()
    await using cli = await startTestCli(calls)
    const told = await cli.run('endpoint', ...words)
    expect(told.code).toBe(code)
    expect(told.stderr).toContain(text)
    expect(asked).toEqual([])
  })
})
