import { createReadStream } from 'node:fs'
import { accept, type Result } from '../../base/result.ts'
import { CERTIFICATE_CHARACTERS_MAX } from '../../contract/public/limits.ts'
import { certificateFields, PURPOSES } from '../certificate-text.ts'
import { defineApiCommand } from '../command.ts'
import { flawOfChoice } from '../option-values.ts'
import { EXIT, type Failure, refuseUsage } from '../outcome.ts'
import { fieldLines } from '../print.ts'

/** What base64 makes of it is what the server takes at most. */
const FILE_BYTES_MAX = (CERTIFICATE_CHARACTERS_MAX / 4) * 3

export const trustImportCertificate = defineApiCommand({
  name: 'trust import-certificate',
  summary: 'Give a certificate with its key, to sign packages with from now on',
  notes: [
    'It takes the place of the one before. The server keeps the private key sealed, and the',
    'password not at all. Packages that are there stay as they are.',
  ],
  operands: [{ name: 'FILE', help: 'PKCS #12 (.p12, .pfx) or PEM', count: 'one' }],
  options: {
    for: { kind: 'text', value: 'NAME', isRequired: true, help: 'windows or macos' },
    'private-key': { kind: 'text', value: 'FILE', help: 'PEM, when it is in a file of its own' },
    'password-file': { kind: 'text', value: 'FILE', help: 'whose first line is the password' },
  },
  async run({ client }, values, [file = '']) {
    const purpose = PURPOSES.find((each) => each === values.for)
    const flaw = flawOfChoice('--for', values.for, PURPOSES)
    if (flaw !== null || purpose === undefined) return refuseUsage(flaw ?? '--for names nothing.')
    const parts: Buffer[] = []
    for (const path of [file, values['private-key']]) {
      const part = path === undefined ? accept(Buffer.alloc(0)) : await readSmall(path)
      if (!part.ok) return part
      parts.push(part.value)
    }
    const lock = values['password-file']
    const password = lock === undefined ? accept(null) : await readSmall(lock)
    if (!password.ok) return password
    const imported = await client.trust.importCertificate({
      purpose,
      certificate: Buffer.concat(parts).toString('base64'),
      password: password.value?.toString('utf8').replace(/\r?\n.*$/s, '') ?? null,
    })
    const lines = [
      'Packages are signed with it from now on.',
      ...fieldLines(certificateFields(imported)),
    ]
    return accept({ exitCode: EXIT.done, lines, json: imported })
  },
})

/** Also from a pipe, which has no size before it was read. */
async function readSmall(path: string): Promise<Result<Buffer, Failure>> {
  const parts: Buffer[] = []
  try {
    // The last byte that is read is one too many.
    for await (const part of createReadStream(path, { end: FILE_BYTES_MAX })) parts.push(part)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return refuseUsage(`${path} cannot be read.`, why)
  }
  const bytes = Buffer.concat(parts)
  if (bytes.length <= FILE_BYTES_MAX) return accept(bytes)
  return refuseUsage(`${path} is larger than ${FILE_BYTES_MAX} bytes, as no certificate is.`)
}
