/** What is read of an app that somebody published, reader by reader, for the fuzz of readers. */
import { contentOfEntry, readZip } from '../archive/zip.ts'
import { withVersion } from './_axml.ts'
import { APP } from './sample-app.suite.ts'

const VERSION = { versionName: '1.2.3.4', versionCode: 5, versionCodeMajor: 6 }

/** As aapt2 compiled it. */
export function sampleManifest(): Uint8Array {
  const read = readZip(APP, { entriesMax: 1000, contentBytesMax: 1024 * 1024 })
  const entry = read.ok ? read.value.find(({ name }) => name === 'AndroidManifest.xml') : undefined
  if (entry === undefined) throw new Error('the app has no manifest')
  return contentOfEntry(entry)
}

export function takesManifest(bytes: Uint8Array): boolean {
  return withVersion(bytes, VERSION).ok
}
