import { expect, it } from 'vitest'
import { startAssembledServer } from '../server/testing/assembled.ts'
import { publishAndroidApp } from './built-in-release.ts'
import { builtInVersion } from './product-version.ts'

it('the app for Android can be ordered after the first start, and is published once', async () => {
  await using server = await startAssembledServer()
  const { signal } = new AbortController()
  await publishAndroidApp(server.assembled.needs, signal)
  await publishAndroidApp(server.assembled.needs, signal)
  const { read } = server.assembled.needs.database
  const releases = await read
    .selectFrom('release')
    .select(['platform', 'arch', 'version'])
    .execute()
  const version = builtInVersion()
  expect(releases.toSorted((left, right) => (left.arch < right.arch ? -1 : 1))).toEqual([
    { platform: 'android', arch: 'arm64', version },
    { platform: 'android', arch: 'x64', version },
  ])
  const versions = await server.call('distributions/get_versions')
  expect(versions.body.reply).toEqual({ windows: [], linux: [], macos: [], android: [version] })
  const order = { name: 'phones', platform: 'android', package_type: 'standalone' }
  const created = await server.call('distributions/create', order)
  await server.assembled.drain()
  const { distribution_id } = created.body.reply
  const status = await server.call('distributions/get_status', { distribution_id })
  expect(status.body.reply).toMatchObject({ status: 'Completed' })
})
