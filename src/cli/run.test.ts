import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { accept, refuse } from '../base/result.ts'
import { Answer, type FakeCalls, refusal } from '../client/testing/fake-server.ts'
import { COMMANDS } from './commands.ts'
import { NOW, startTestCli } from './testing/terminal.ts'

const NOTHING = { releases: [], filter_count: 0, total_count: 0 }
const VERSIONS = { 'releases/list': () => NOTHING } satisfies FakeCalls

describe('the words of a command line', () => {
  it.each<[string, string[], number, string]>([
    ['no command', [], 2, 'Usage: drydock COMMAND'],
    ['an unknown command', ['relaese', 'list'], 2, 'Did you mean "drydock release list"?'],
    ['half a command', ['key'], 2, '"drydock key" is several commands: key create, key list'],
    ['a wrong second word', ['key', 'crate'], 2, 'Did you mean "drydock key create"?'],
    ['an option first', ['--server', 'x', 'key'], 2, 'The command comes before --server.'],
    ['an unknown option', ['key', 'list', '--jsn'], 2, 'Did you mean "--json"?'],
    ['a server that is none', ['key', 'list', '--server', 'x'], 2, '"x" is no address'],
  ])('%s ends with its exit code and says what would be right', async (_case, argv, code, text) => {
    await using cli = await startTestCli({})
    const told = await cli.run(...argv)
    expect(told).toMatchObject({ code, stdout: '' })
    expect(told.stderr).toContain(text)
    expect(cli.seen).toEqual([])
  })

  it('--version and --help answer on stdout', async () => {
    await using cli = await startTestCli({})
    expect(await cli.run('--version')).toEqual({ code: 0, stdout: 'drydock 1.2.3\n', stderr: '' })
    const help = await cli.run('--help')
    for (const { name } of COMMANDS) expect(help.stdout).toContain(`  ${name} `)
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect((await cli.run('help', 'key', 'list')).stdout).toMatch(/^Usage: drydock key list/)
    expect((await cli.run('key', '--help')).stdout).not.toContain('release')
  })

  it('every command explains itself and every option of it', async () => {
    await using cli = await startTestCli({})
    for (const { name, options, operands } of COMMANDS) {
      const { stdout, code } = await cli.run(...name.split(' '), '--help')
      expect(code).toBe(0)
      for (const option of Object.keys(options)) expect(stdout).toContain(`--${option} `.trim())
      for (const operand of operands) expect(stdout).toContain(operand.name)
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
    }
  })
})

describe('exit codes', () => {
  const answering = (answer: Answer): FakeCalls => ({ 'releases/list': () => answer })

  it.each<[string, Answer, number, string]>([
    [
      'a key that is not accepted',
      refusal(401, 'unauthorised', 'Public API request unauthorized'),
      4,
      'drydock: Public API request unauthorized (unauthorised)\n  The key is in ',
    ],
    ['a key that may not', refusal(403, 'forbidden', 'not allowed'), 4, 'not allowed (forbidden)'],
    ['a refusal', refusal(500, 'nothing-eligible', 'Nobody'), 5, 'Nobody (nothing-eligible)'],
    ['a bad request', refusal(400, 'invalid-request', 'name: x'), 5, 'name: x (invalid-request)'],
    ['a server that is not ready', refusal(503, 'starting', 'not yet'), 3, 'is not ready: not yet'],
    ['a proxy in between', new Answer(502, '<html>'), 3, 'is not ready'],
    ['something else', new Answer(200, '<html>'), 1, 'failed while reading the reply'],
  ])('for %s', async (_case, answer, code, text) => {
    await using cli = await startTestCli(answering(answer))
    const told = await cli.run('release', 'list')
    expect(told).toMatchObject({ code, stdout: '' })
    expect(told.stderr).toContain(text)
  })

  it('for a server that is not there', async () => {
    await using cli = await startTestCli({}, { server: 'http://127.0.0.1:1' })
    const told = await cli.run('release', 'list')
    expect(told.code).toBe(3)
    expect(told.stderr).toContain('cannot reach the server at http://127.0.0.1:1')
    expect(told.stderr).toContain('--server URL names another')
  })

  it('for a key file that is none', async () => {
    await using cli = await startTestCli(VERSIONS)
    const file = join(cli.folder, 'secret.txt')
    await writeFile(file, 'my-secret')
    const absent = await cli.run('release', 'list', '--key-file', '/nowhere/key.json')
    expect(absent).toMatchObject({ code: 4, stdout: '' })
    const other = await cli.run('release', 'list', '--key-file', file)
    expect(other.code).toBe(4)
    expect(other.stderr).toContain(`${file} is no API key file`)
    expect(other.stderr).not.toContain('my-secret')
  })

  it('tells of a clock that makes advanced keys fail', async () => {
    const date = new Date(NOW - 42 * 60_000).toUTCString()
    const { body } = refusal(401, 'unauthorised', 'no')
    await using cli = await startTestCli(answering(new Answer(401, body, { date })))
    const { stderr } = await cli.run('release', 'list')
    expect(stderr).toContain("This machine's clock is 42 minutes ahead of the server's.")
  })
})

describe('--json', () => {
  it('prints one value, whatever happens', async () => {
    await using cli = await startTestCli(VERSIONS)
    expect(JSON.parse((await cli.run('release', 'list', '--json')).stdout)).toEqual([])
    const refused = await cli.run('key', 'revoke', 'x', '--json')
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { exit_code: 2, reason: null } })
    const usage = await cli.run('key', 'revoke', '--json')
    expect(JSON.parse(usage.stdout)).toMatchObject({
      error: { message: expect.stringContaining('ID is missing') },
    })
  })
})

describe('what an endpoint or a server says', () => {
  it('never reaches the terminal as anything but text', async () => {
    const evil = '\u001b]0;owned\u0007\u009b2J\nforged: line'
    const message = `no ${evil}`
    await using cli = await startTestCli({
      'distributions/get_status': () => refusal(400, 'distribution-unknown', message),
    })
    const { stderr } = await cli.run('distribution', 'status', 'a'.repeat(32))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    expect(stderr).not.toMatch(/^forged/m)
  })
})

describe('commands of the server itself', () => {
  it('serve gives the exit code of the server', async () => {
    await using cli = await startTestCli({}, { ownServer: { serve: async () => 1 } })
    expect(await cli.run('serve')).toEqual({ code: 1, stdout: '', stderr: '' })
  })

  it('backup and restore tell what they carried', async () => {
    const backup = async () => accept({ tables: 12, rows: 1, artifacts: 3, bytes: 2048 })
    const restore = async () => accept({ createdAt: NOW, rows: 5, artifacts: 1 })
    await using cli = await startTestCli({}, { ownServer: { backup, restore } })
    expect((await cli.run('backup', '/b')).stdout).toBe(
      '/b holds 1 row of 12 tables and 3 artifacts, 2.0 KiB in all.\n',
    )
    expect((await cli.run('restore', join(cli.folder, 'key.json'))).stdout).toBe(
      'The state of 2026-11-22 12:00 UTC is back: 5 rows and 1 artifact.\n' +
        'Start it with "drydock serve".\n',
    )
  })

  it('a refusal of theirs is told with its reason', async () => {
    const restore = async () => refuse({ reason: 'not-empty', message: 'there is a server' })
    await using cli = await startTestCli({}, { ownServer: { restore } })
    expect(await cli.run('restore', '/nowhere/b')).toMatchObject({ code: 2 })
    expect(await cli.run('restore', join(cli.folder, 'key.json'))).toEqual({
      code: 1,
      stdout: '',
      stderr: 'drydock: there is a server (not-empty)\n',
    })
  })
})
