/** A release for Android, of the app that comes with the product. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { utf8 } from '../../base/bytes.ts'
import { type SampleOptions, sampleRelease } from '../sample.suite.ts'

export const ANDROID_TARGETS = [
  { platform: 'android', arch: 'x64', libc: 'none' },
  { platform: 'android', arch: 'arm64', libc: 'none' },
] as const

export const APP = readFileSync(join(import.meta.dirname, '../../../assets/android/agent.apk'))

export const SAMPLE_ENROLMENT = {
  server_url: 'https://drydock.example.com:8443',
  distribution_id: 'd'.repeat(32),
  token: 'T'.repeat(43),
}

/** For the target of the options and the other one; `app` in place of the real one. */
export function sampleApp(
  options: SampleOptions = {},
  app: Uint8Array = APP,
): ReturnType<typeof sampleRelease> {
  const { spec, store } = sampleRelease(options)
  const launcher = store.add(app)
  const entry = { path: 'agent.apk', executable: false, artifact: launcher }
  const extra = spec.files.filter(({ path }) => options.extraPaths?.includes(path) === true)
  const build = { launcher, files: [entry, ...extra], manifest: spec.manifest }
  const target = options.spec?.target ?? ANDROID_TARGETS[0]
  const others = ANDROID_TARGETS.filter(({ arch }) => arch !== target.arch)
  const otherBuilds = others.map((other) => ({ ...build, target: other }))
  const enrolment = utf8(JSON.stringify(SAMPLE_ENROLMENT))
  return { spec: { ...spec, ...build, target, otherBuilds, enrolment, ...options.spec }, store }
}
