/**
 * Signs a Windows program in place, with a certificate of the operator's machine: the agent's
 * launcher is named by its digest in the manifest, so it has to be signed before it is published.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { systemClock } from '../src/base/clock.ts'
import { Fault } from '../src/base/fault.ts'
import { type CodeCertificate, readCodeCertificate } from '../src/trust/code-certificate.ts'
import { signProgram } from '../src/trust/portable-executable.ts'

/** PKCS #12, or PEM with key and certificates; the password is the first line of its file. */
export function certificateOf(path: string, passwordFile: string | undefined): CodeCertificate {
  const text = passwordFile === undefined ? '' : readFileSync(passwordFile, 'utf8')
  const [password = ''] = text.split(/\r?\n/)
  const given = { file: readFileSync(path), password, purpose: 'windows', keys: 'any' } as const
  const read = readCodeCertificate({ ...given, now: systemClock.now() })
  if (read.ok) return read.value
  const { code, ...more } = read.refusal
  const doing = `reading the certificate ${path} ${JSON.stringify(more)}`
  throw new Fault({ code, doing, retry: 'never' })
}

export async function signProgramFile(path: string, certificate: CodeCertificate): Promise<void> {
  const signed = await signProgram(readFileSync(path), certificate)
  if (!signed.ok) {
    const { code, detail } = signed.refusal
    throw new Fault({ code, doing: `signing ${path}: ${detail}`, retry: 'never' })
  }
  // Whole or not at all: the name is of the program that was signed.
  const signing = `${path}.signing`
  writeFileSync(signing, signed.value, { mode: 0o755 })
  renameSync(signing, path)
}
