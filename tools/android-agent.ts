/**
 * Builds the app for Android from `android/` into `assets/android/agent.apk`, which is kept: the
 * tools are Debian's (aapt2, smali, android-framework-res), and a server has none of them. The same
 * sources give the same bytes. Everything is stored: a package is compressed when it is published.
 *
 * Usage: node tools/android-agent.ts
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contentOfEntry, readZip, storedEntry, writeZip } from '../src/pack/archive/zip.ts'

const ROOT = join(import.meta.dirname, '..')
export const KEPT_APP = join(ROOT, 'assets/android/agent.apk')
export const APP_TOOLS = ['aapt2', 'smali'] as const
/** Android 10's own resources, which the manifest's attributes are looked up in. */
export const FRAMEWORK = '/usr/share/android-framework-res/framework-res.apk'
/** minSdkVersion of the manifest: which instructions the code may have. */
const API_LEVEL = '28'
const LIMITS = { entriesMax: 100, contentBytesMax: 16 * 1024 * 1024 }

export function buildAndroidAgent(): Uint8Array {
  const work = mkdtempSync(join(tmpdir(), 'drydock-android-'))
  try {
    const sources = join(ROOT, 'android')
    const resources = join(work, 'resources.zip')
    const linked = join(work, 'linked.apk')
    const dex = join(work, 'classes.dex')
    run('aapt2', 'compile', '--dir', join(sources, 'res'), '-o', resources)
    const manifest = join(sources, 'AndroidManifest.xml')
    run('aapt2', 'link', '-I', FRAMEWORK, '--manifest', manifest, '-o', linked, resources)
    // One thread: with more, what is numbered first depends on which is faster.
    run('smali', 'assemble', '-a', API_LEVEL, '-j', '1', '-o', dex, join(sources, 'smali'))
    const read = readZip(readFileSync(linked), LIMITS)
    if (!read.ok) throw new Error(`aapt2 made an archive that is not taken: ${read.refusal.why}`)
    const entries = read.value.map((entry) => storedEntry(entry.name, contentOfEntry(entry)))
    return writeZip([...entries, storedEntry('classes.dex', readFileSync(dex))])
  } finally {
    rmSync(work, { recursive: true })
  }
}

function run(program: string, ...words: readonly string[]): void {
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] })
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(join(KEPT_APP, '..'), { recursive: true })
  const app = buildAndroidAgent()
  writeFileSync(KEPT_APP, app)
  process.stdout.write(`${KEPT_APP}: ${app.length} bytes\n`)
}
