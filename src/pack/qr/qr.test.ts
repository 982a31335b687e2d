import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeNeeds } from '../../../test/needs.ts'
import { utf8 } from '../../base/bytes.ts'
import { ANDROID_TARGETS, SAMPLE_ENROLMENT, sampleApp } from '../apk/sample-app.suite.ts'
import { SAMPLE_ANDROID_KEY } from '../apk/sample-key.suite.ts'
import { enrolmentPath } from '../enrolment-link.ts'
import { sampleNeeds } from '../sample.suite.ts'
import { describeAppWriter } from '../writer.suite.ts'
import { pngBytes, textIn } from './_png.ts'
import { provisioningIn, qrWriter } from './qr.ts'

async function code(enrolment: unknown = SAMPLE_ENROLMENT) {
  const { spec, store } = sampleApp({ spec: { enrolment: utf8(JSON.stringify(enrolment)) } })
  const segments = await qrWriter.write(spec, sampleNeeds(store))
  return { segments, bytes: store.assemble(segments) }
}

function scanned(picture: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-qr-'))
  try {
    writeFileSync(join(folder, 'code.png'), picture)
    const words = ['--quiet', '--raw', join(folder, 'code.png')]
    return spawnSync('zbarimg', words, { encoding: 'utf8' }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describeAppWriter({
  writer: qrWriter,
  supported: ANDROID_TARGETS,
  archNames: { x64: 'any', arm64: 'any' },
  read: async () => {
    return { version: '', arch: 'any', files: new Map(), configFiles: [], scripts: [] }
  },
  lacks: ['modes', 'times', 'gzip-members'],
  sample: sampleApp,
})

describe('the code that sets up a device', () => {
  it('names the app, where it is, and the certificate that it must have', async () => {
    const { segments } = await code()
    const text = provisioningIn(segments)
    const digest = await crypto.subtle.digest(
      'SHA-256',
      Buffer.from(SAMPLE_ANDROID_KEY.certificate),
    )
    const { server_url, distribution_id, token } = SAMPLE_ENROLMENT
    const path = enrolmentPath({ distributionId: distribution_id, token })
    expect(path).not.toContain(token)
    const extra = 'android.app.extra.PROVISIONING_'
    expect(JSON.parse(text ?? '')).toEqual({
      [`${extra}DEVICE_ADMIN_COMPONENT_NAME`]: 'dev.drydock.agent/dev.drydock.agent.Admin',
      [`${extra}DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION`]: `${server_url}${path}/agent.apk`,
      [`${extra}DEVICE_ADMIN_SIGNATURE_CHECKSUM`]: Buffer.from(digest).toString('base64url'),
      [`${extra}LEAVE_ALL_SYSTEM_APPS_ENABLED`]: true,
      [`${extra}ADMIN_EXTRAS_BUNDLE`]: SAMPLE_ENROLMENT,
    })
  })

  describeNeeds(['zbarimg'], 'read by a scanner (needs zbarimg)', () => {
    it.each([
      ['of a usual server', SAMPLE_ENROLMENT],
      [
        'of a server with the longest address',
        { ...SAMPLE_ENROLMENT, server_url: `https://${'a'.repeat(490)}` },
      ],
      [
        'of a server with letters beyond ASCII',
        { ...SAMPLE_ENROLMENT, server_url: 'https://größe.example' },
      ],
    ])('says what its text says, %s', async (_, enrolment) => {
      const { segments, bytes } = await code(enrolment)
      expect(scanned(bytes)).toBe(`${provisioningIn(segments)}\n`)
    })
  })

  it.each([
    ['an address that no code holds', { ...SAMPLE_ENROLMENT, server_url: 'a'.repeat(2000) }],
    ['an enrolment without a token', { ...SAMPLE_ENROLMENT, token: undefined }],
    ['an enrolment that is none', null],
  ])('is not made for %s', async (_, enrolment) => {
    await expect(code(enrolment)).rejects.toThrow('package-refused')
  })
})

describe('the text in a picture', () => {
  const text = { keyword: 'k', value: 'value' }
  const png = Buffer.from(
    pngBytes({
      modules: [
        [true, false],
        [false, true],
      ],
      scale: 3,
      text,
    }),
  )
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(png)
    change(bytes)
    return bytes
  }

  it('comes back', () => {
    expect(textIn(png, 'k')).toBe('value')
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another picture', changed((bytes) => bytes.fill(0, 0, 8))],
    ['one that is cut', png.subarray(0, 40)],
    ['a length beyond its end', changed((bytes) => bytes.writeUInt32BE(0xffff, 33))],
    ['a length beyond all', changed((bytes) => bytes.writeUInt32BE(0xffff_ffff, 33))],
    ['another checksum', changed((bytes) => bytes.writeUInt8(0, 43))],
  ])('is none in %s', (_, bytes) => {
    expect(textIn(bytes, 'k')).toBeNull()
  })

  it('is none under another keyword', () => {
    expect(textIn(png, 'other')).toBeNull()
  })
})
