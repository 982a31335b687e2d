import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../base/digest.ts'
import { type FakeCalls, type FakeFiles, refusal } from '../../client/testing/fake-server.ts'
import { startTestCli } from '../testing/terminal.ts'

const ID = 'd'.repeat(32)
const DEB = randomBytes(200_000)
const SHA256 = digestOf(DEB)
const PART = `x.deb.${SHA256.slice(0, 12)}.part`

/** A server whose distribution needs `polls` questions to be built. */
function building(polls: number, more: FakeCalls = {}): FakeCalls {
  let asked = 0
  return {
    'distributions/create': () => ({ distribution_id: ID }),
    'distributions/get_status': () =>
      ++asked <= polls
        ? { status: 'In progress', reason: null, message: null, supported_packages: [] }
        : { status: 'Completed', reason: null, message: null, supported_packages: ['deb', 'sh'] },
    ...more,
  }
}

/** Serves DEB; `urlOf` needs the address of the server, which is only known when it runs. */
function serving(bytes: Buffer, cli: () => { readonly url: string }): FakeCalls {
  return {
    'distributions/get_dist_url': ({ package_type: type }) => ({
      distribution_url: `${cli().url}/dist/x.${type}`,
      file_name: 'x.deb',
      size: bytes.length,
      sha256: SHA256,
      expires_at: 0,
      ...(type === 'apk' ? { enrolment_url: `${cli().url}/enrol/x` } : {}),
    }),
  }
}

function filesOf(bytes: Buffer): FakeFiles {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? { 'content-range': range } : {})
    response.end(bytes.subarray(from))
  }
}

async function startDownloads(bytes = DEB) {
  let url = ''
  const calls = building(
    0,
    serving(bytes, () => ({ url })),
  )
  const cli = await startTestCli(calls, { files: filesOf(bytes) })
  url = cli.url
  return cli
}

describe('distribution create', () => {
  it('sends what was said, and gives the id', async () => {
    let order: unknown
    await using cli = await startTestCli({
      'distributions/create': (request) => {
        order = request
        return { distribution_id: ID }
      },
    })
    const words = ['--name', 'web', '--platform', 'linux', '--tag', 'a', '--tag', 'b']
    const more = ['--proxy', 'proxy.example:3128', '--description', 'x', '--version', '8.6.0.1']
    const told = await cli.run('distribution', 'create', ...words, ...more)
    expect(told).toMatchObject({ code: 0, stderr: '' })
    expect(told.stdout.split('\n')[0]).toBe(ID)
    expect(order).toEqual({
      name: 'web',
      package_type: 'standalone',
      platform: 'linux',
      agent_version: '8.6.0.1',
      endpoint_tags: ['a', 'b'],
      proxy: ['proxy.example:3128'],
      description: 'x',
    })
  })

  it.each<[string, string[], string]>([
    ['a platform', ['--platform', 'linus'], 'not "linus". Did you mean "linux"?'],
    ['a version', ['--platform', 'linux', '--version', '8.6'], 'This cannot be ordered.'],
    ['a proxy', ['--platform', 'linux', '--proxy', 'x'], 'a proxy as host:port'],
    ['a package', ['--platform', 'linux', '--download', 'dep'], 'Did you mean "deb"?'],
    ['a name of ours', ['--platform', 'windows', '--download', 'msi'], 'is x64 or arm for'],
    ['a path', ['--platform', 'linux', '--download', 'deb='], 'names no path'],
    ['a time', ['--platform', 'linux', '--timeout', 'soon'], '--timeout is a whole number'],
  ])('orders nothing when %s is wrong', async (_case, words, text) => {
    await using cli = await startTestCli(building(0))
    const told = await cli.run('distribution', 'create', '--name', 'n', ...words)
    expect(told.code).toBe(2)
    expect(told.stderr).toContain(text)
    expect(cli.seen).toEqual([])
  })

  const CREATE = ['distribution', 'create', '--name', 'n', '--platform', 'linux'] as const

  it('--wait asks until it is built', async () => {
    await using cli = await startTestCli(building(4))
    expect(await cli.run(...CREATE, '--wait')).toEqual({
      code: 0,
      stdout: `${ID}\nCompleted: deb, sh.\n`,
      stderr: `Distribution ${ID} is ordered.\n`,
    })
    expect(cli.seen).toHaveLength(6)
  })

  it('--wait survives a restart of the server', async () => {
    let asked = 0
    const starting = building(0, {
      'distributions/get_status': () =>
        ++asked <= 9
          ? refusal(503, 'database-not-reachable', 'later')
          : { status: 'Completed', reason: null, message: null, supported_packages: ['sh'] },
    })
    await using cli = await startTestCli(starting)
    const told = await cli.run(...CREATE, '--wait')
    expect(told.code).toBe(0)
    expect(told.stderr).toContain('The server does not answer; asking again.\n')
  })

  it('says how a platform gets its first version', async () => {
    const no = () => refusal(500, 'nothing-released', 'no version for linux yet')
    await using cli = await startTestCli(building(0, { 'distributions/create': no }))
    const told = await cli.run(...CREATE)
    expect(told.code).toBe(5)
    expect(told.stderr).toContain('"npm run agent:release" builds the agent')
  })

  it('--wait ends with 6 when the time is over', async () => {
    await using cli = await startTestCli(building(Number.POSITIVE_INFINITY))
    const told = await cli.run(...CREATE, '--wait', '--timeout', '3')
    expect(told.code).toBe(6)
    expect(told.stderr).toContain(`distribution ${ID} was not built within 3 s`)
  })

  it('--wait ends with 1 and the reason when the build failed', async () => {
    const message = 'the release was withdrawn'
    await using cli = await startTestCli(
      building(0, {
        'distributions/get_status': () => ({
          ...{ status: 'Failed', reason: 'release-withdrawn', message, supported_packages: [] },
        }),
      }),
    )
    const told = await cli.run(...CREATE, '--wait', '--json')
    expect(told.code).toBe(1)
    expect(JSON.parse(told.stdout)).toEqual({
      error: {
        exit_code: 1,
        message: `distribution ${ID} could not be built`,
        hints: [message],
        reason: 'release-withdrawn',
      },
    })
  })

  it('--download waits, and fetches into a file of the owner alone', async () => {
    await using cli = await startDownloads()
    const path = join(cli.folder, 'agent.deb')
    const told = await cli.run(...CREATE, '--download', `deb=${path}`)
    expect(told.stdout).toBe(`${ID}\nCompleted: deb, sh.\n${path}  195.3 KiB  sha256 ${SHA256}\n`)
    expect(DEB.equals(await readFile(path))).toBe(true)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await readdir(cli.folder)).toSorted()).toEqual(['agent.deb', 'key.json'])
  })
})

describe('distribution download', () => {
  it('takes up what an earlier run left', async () => {
    await using cli = await startDownloads()
    await writeFile(join(cli.folder, PART), DEB.subarray(0, 150_000))
    const told = await cli.run('distribution', 'download', ID, `deb=${cli.folder}`)
    expect(told.code).toBe(0)
    expect(DEB.equals(await readFile(join(cli.folder, 'x.deb')))).toBe(true)
    expect(cli.seen.at(-1)).toMatchObject({ headers: { range: 'bytes=150000-' } })
  })

  it('begins anew when what was left is damaged, or too long', async () => {
    await using cli = await startDownloads()
    for (const left of [randomBytes(150_000), randomBytes(300_000), randomBytes(DEB.length)]) {
      await writeFile(join(cli.folder, PART), left)
      const told = await cli.run('distribution', 'download', ID, `deb=${cli.folder}/`)
      expect(told.code).toBe(0)
      expect(DEB.equals(await readFile(join(cli.folder, 'x.deb')))).toBe(true)
    }
  })

  it('keeps nothing that is not the package', async () => {
    await using cli = await startDownloads(randomBytes(200_000))
    const told = await cli.run('distribution', 'download', ID, `deb=${cli.folder}`)
    expect(told.code).toBe(1)
    expect(told.stderr).toContain('the bytes that came are not the package')
    expect(await readdir(cli.folder)).toEqual(['key.json'])
  })

  it('says which file could not be written', async () => {
    await using cli = await startDownloads()
    const told = await cli.run('distribution', 'download', ID, `deb=${cli.folder}/no/where`)
    expect(told.code).toBe(1)
    expect(told.stderr).toContain('ENOENT')
  })

  it('writes nowhere but where it was told, whatever name the server gives', async () => {
    let url = ''
    const name = '../../escaped.deb'
    const answer = { file_name: name, size: DEB.length, sha256: SHA256, expires_at: 0 }
    const cli = await startTestCli(
      { 'distributions/get_dist_url': () => ({ ...answer, distribution_url: `${url}/d` }) },
      { files: filesOf(DEB) },
    )
    await using owned = cli
    url = owned.url
    const target = join(owned.folder, 'a', 'b')
    await mkdir(target, { recursive: true })
    await owned.run('distribution', 'download', ID, `deb=${target}`)
    expect(await readdir(target)).toEqual(['escaped.deb'])
  })
})

describe('distribution status and url', () => {
  it('say what the server says', async () => {
    await using cli = await startDownloads()
    expect((await cli.run('distribution', 'status', ID)).stdout).toBe('Completed: deb, sh\n')
    expect((await cli.run('distribution', 'url', ID, 'deb')).stdout).toBe(`${cli.url}/dist/x.deb\n`)
    expect((await cli.run('distribution', 'url', ID, 'dep')).code).toBe(2)
    const page = await cli.run('distribution', 'url', ID, 'apk', '--page')
    expect(page.stdout).toBe(`${cli.url}/enrol/x\n`)
    expect((await cli.run('distribution', 'url', ID, 'deb', '--page')).code).toBe(2)
  })
})
