import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeNeeds } from '../../test/needs.ts'
import { systemClock } from '../base/clock.ts'
import { type Digest, digestOf, isDigest } from '../base/digest.ts'
import { authenticodeSignature } from './authenticode.ts'
import { type CodeCertificate, readCodeCertificate } from './code-certificate.ts'
import { TEST_CODE_CERTIFICATE } from './testing/code-certificate.ts'

const certificate = testCertificate()

function testCertificate(): CodeCertificate {
  const given = { password: '', purpose: 'windows', keys: 'rsa' } as const
  const { pem: file } = TEST_CODE_CERTIFICATE
  const outcome = readCodeCertificate({ ...given, file, now: systemClock.now() })
  if (!outcome.ok) throw new Error(outcome.refusal.code)
  return outcome.value
}

describe('an Authenticode signature', () => {
  it('is the same for the same content, and another for other content', async () => {
    const digest = digestOf('a package')
    const made = await authenticodeSignature({ kind: 'msi', digest }, certificate)
    expect(await authenticodeSignature({ kind: 'msi', digest }, certificate)).toEqual(made)
    expect(await authenticodeSignature({ kind: 'pe', digest }, certificate)).not.toEqual(made)
    const other = { kind: 'msi', digest: digestOf('another') } as const
    expect(await authenticodeSignature(other, certificate)).not.toEqual(made)
  })
})

const PROGRAMS = ['osslsigncode', 'openssl', 'wixl']
describeNeeds(PROGRAMS, 'a signed Windows Installer package (needs wixl)', () => {
  let folder: string
  const at = (name: string) => join(folder, name)
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'drydock-msi-'))
    writeFileSync(at('authority.pem'), TEST_CODE_CERTIFICATE.authority)
    writeFileSync(at('file.txt'), 'content\n')
    writeFileSync(at('package.wxs'), PACKAGE)
    run('wixl', '-o', at('package.msi'), at('package.wxs'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function run(program: string, ...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }

  /** osslsigncode's own opinion: the last 32 bytes of what it would have signed. */
  function digestOfPackage(): Digest {
    run(
      'osslsigncode',
      'extract-data',
      '-h',
      'sha256',
      '-in',
      at('package.msi'),
      '-out',
      at('data'),
    )
    const text = readFileSync(at('data')).toString('hex')
    const head = text.lastIndexOf('3031300d060960864801650304020105000420')
    const digest = text.slice(head + 38, head + 102)
    if (!isDigest(digest)) throw new Error(`no digest in ${text}`)
    return digest
  }

  it('is one for osslsigncode, until a byte is flipped', async () => {
    const digest = digestOfPackage()
    writeFileSync(
      at('signature'),
      await authenticodeSignature({ kind: 'msi', digest }, certificate),
    )
    const files = ['-sigin', at('signature'), '-in', at('package.msi'), '-out', at('signed.msi')]
    run('osslsigncode', 'attach-signature', ...files, '-CAfile', at('authority.pem'))
    const verify = ['verify', '-CAfile', at('authority.pem'), '-in', at('signed.msi')]
    expect(run('osslsigncode', ...verify)).toContain('Signature verification: ok')
    const bytes = readFileSync(at('signed.msi'))
    const place = bytes.indexOf('MSCF')
    bytes[place + 60] = (bytes[place + 60] ?? 0) ^ 1
    writeFileSync(at('signed.msi'), bytes)
    expect(() => run('osslsigncode', ...verify)).toThrow()
  })
})

const PACKAGE = `<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="*" Name="Test" Language="1033" Version="1.0.0" Manufacturer="Test"
    UpgradeCode="6f1c1d0e-0000-4000-8000-000000000001">
    <Package InstallerVersion="200" Compressed="yes"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFilesFolder">
        <Component Id="one" Guid="6f1c1d0e-0000-4000-8000-000000000002">
          <File Id="file" Source="file.txt" KeyPath="yes"/>
        </Component>
      </Directory>
    </Directory>
    <Feature Id="all" Level="1"><ComponentRef Id="one"/></Feature>
  </Product>
</Wix>
`
