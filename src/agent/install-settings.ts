/**
 * `install.ini`, which Windows Installer writes beside the launcher (src/pack/msi): what was said
 * on the command line of msiexec, and which product this is. Values that are empty say nothing.
 *
 * Strict: Windows writes it and nobody else should, so a line that is none of ours means that the
 * file is not what we take it for, and nothing of it is used.
 */
import * as z from 'zod'
import { causeChain } from '../base/fault.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import { installation } from '../contract/agent/installation.ts'
import { hexId } from '../contract/schema.ts'
import type { JsonFileRefusal } from './json-file.ts'
import { readIfThere } from './machine/files.ts'

export const INSTALL_SETTINGS_FILE = 'install.ini'

/** Proxies and tags of the largest allowed lists have some 15,000 characters of two bytes. */
const BYTES_MAX = 64 * 1024
const LINES_MAX = 100

/** As the property PROXY_LIST and its like give them: `proxy1:8080,proxy2:8080`. */
const list = z.string().transform((text) =>
  text
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter((part) => part !== ''),
)

const { server_url, token, proxy, endpoint_tags } = installation.shape
const installSettings = z.strictObject({
  'enrolment.server_url': server_url.optional(),
  'enrolment.distribution_id': hexId.optional(),
  'enrolment.token': token.optional(),
  'machine.proxy': list.pipe(proxy).optional(),
  'machine.endpoint_tags': list.pipe(endpoint_tags).optional(),
  'product.product_code': z
    .string()
    .regex(/^\{[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/, 'a GUID')
    .optional(),
})
export type InstallSettings = z.infer<typeof installSettings>

export function readInstallSettings(path: string): Result<InstallSettings, JsonFileRefusal> {
  try {
    const bytes = readIfThere(path, BYTES_MAX)
    return bytes === null ? refuse({ code: 'no-such-file' }) : parseInstallSettings(bytes)
  } catch (error) {
    // One file that grew wild, or a bad sector under it, must not keep an endpoint silent.
    return unreadable(causeChain(error).join(': '))
  }
}

export function parseInstallSettings(bytes: Uint8Array): Result<InstallSettings, JsonFileRefusal> {
  const lines = decoded(bytes)
    .split(/\r?\n/)
    .map((line) => line.trim())
  if (lines.length > LINES_MAX) return unreadable(`more than ${LINES_MAX} lines`)
  const values: Record<string, string> = {}
  let section = ''
  for (const line of lines) {
    if (line === '' || line.startsWith(';')) continue
    const [, named, key, value] = /^(?:\[(\w+)\]|(\w+)=(.*))$/.exec(line) ?? []
    if (named !== undefined) section = named
    else if (key === undefined) return unreadable('a line that is no setting')
    else if (value !== undefined && value.trim() !== '') values[`${section}.${key}`] = value.trim()
  }
  const parsed = installSettings.safeParse(values)
  if (parsed.success) return accept(parsed.data)
  const [issue] = parsed.error.issues
  return unreadable(`${issue?.path.map(String).join() ?? ''}: ${issue?.message ?? 'wrong'}`)
}

/** Windows writes UTF-16 into a file that begins with its mark, as the package's own does. */
function decoded(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes)
}

/** Of the token nothing is said: zod's messages never hold the value. */
function unreadable(what: string): Result<never, JsonFileRefusal> {
  return refuse({ code: 'unreadable', what })
}
