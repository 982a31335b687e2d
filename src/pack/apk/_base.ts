/**
 * The entries that all packages of a release have: those of the release's app, with the release's
 * version in its manifest. They are copied as they are compressed; what Android maps into memory is
 * aligned anew, because the manifest's length changes.
 */
import { concatBytes } from '../../base/bytes.ts'
import { contentOfEntry, readZip, storedEntry, type ZipEntry, zipRun } from '../archive/zip.ts'
import type { ReleaseSpec } from '../package-spec.ts'
import type { Derived, DerivedPart, WriterNeeds } from '../writer.ts'
import { AXML_BYTES_MAX, type ManifestVersion, withVersion } from './_axml.ts'

/** A base is some 20 KB; more than this is something else. */
export const BASE_BYTES_MAX = 32 * 1024 * 1024
const LIMITS = { entriesMax: 1000, contentBytesMax: 64 * 1024 * 1024 }
const MANIFEST = 'AndroidManifest.xml'
/** What the stamp adds lies here: a base must not have it already. */
const STAMPED = /^assets\/(?:enrolment|manifest-[^/]*)\.json$/

export type BaseEntries = Derived & {
  readonly central: Uint8Array
  readonly count: number
}

/** What makes a base no base; the writer turns it into a refusal of the package. */
export class BaseFlaw extends Error {}

export function basePart(spec: ReleaseSpec, version: ManifestVersion): DerivedPart {
  return {
    recipe: 'apk-entries-1',
    parameters: JSON.stringify(version),
    sources: [spec.launcher],
    async *make(content) {
      const parts: Uint8Array[] = []
      let length = 0
      for await (const part of content(spec.launcher)) {
        length += part.length
        if (length > BASE_BYTES_MAX) throw new BaseFlaw(`more than ${BASE_BYTES_MAX} bytes`)
        parts.push(Uint8Array.from(part))
      }
      const run = zipRun(entriesOf(concatBytes(parts), version), 0)
      yield run.local
      return JSON.stringify({
        central: Buffer.from(run.central).toString('base64'),
        count: run.count,
      })
    },
  }
}

export async function baseEntries(part: DerivedPart, needs: WriterNeeds): Promise<BaseEntries> {
  const derived = await needs.derive(part)
  // Written a few lines above, and kept by the server.
  const { central, count } = JSON.parse(derived.notes) as { central: string; count: number }
  return { ...derived, central: Buffer.from(central, 'base64'), count }
}

function entriesOf(base: Uint8Array, version: ManifestVersion): readonly ZipEntry[] {
  const read = readZip(base, LIMITS)
  if (!read.ok) throw new BaseFlaw(read.refusal.why)
  const entries = read.value
  if (!entries.some(({ name }) => name === 'classes.dex')) throw new BaseFlaw('it has no code')
  const stamped = entries.find(({ name }) => STAMPED.test(name) || name.startsWith('META-INF/'))
  if (stamped !== undefined) throw new BaseFlaw(`it has ${stamped.name} already`)
  const manifest = entries.find(({ name }) => name === MANIFEST)
  if (manifest === undefined || manifest.size > AXML_BYTES_MAX) {
    throw new BaseFlaw(`it has no ${MANIFEST}`)
  }
  return entries.map((entry) => (entry === manifest ? versioned(entry, version) : entry))
}

function versioned(entry: ZipEntry, version: ManifestVersion): ZipEntry {
  const changed = withVersion(contentOfEntry(entry), version)
  if (!changed.ok) throw new BaseFlaw(`${MANIFEST}: ${changed.refusal.why}`)
  return storedEntry(entry.name, changed.value)
}
