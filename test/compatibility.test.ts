/** docs/compatibility.md speaks of every call, and of no other. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { PUBLIC_ROUTES } from '../src/server/public-api/routes.ts'

/** Told as a call, although it is a stream. */
const STREAMS = ['events']

it('has a row for every call', () => {
  const text = readFileSync('docs/compatibility.md', 'utf8')
  const rows = [...text.matchAll(/^\| `([\w/]+)` \|/gm)].map(([, path]) => path)
  const calls = PUBLIC_ROUTES.map(({ call }) => call.path)
  expect(rows.toSorted()).toEqual([...calls, ...STREAMS].toSorted())
})

it('says of each of ours that it is', () => {
  const text = readFileSync('docs/compatibility.md', 'utf8')
  const [, releases = ''] = text.split(/^## Releases .*$/m)
  for (const { call } of PUBLIC_ROUTES) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${call.path}\` |`)) ?? ''
    const isOurs = row.includes('Not in the original.') || releases.split('## ')[0]?.includes(row)
    expect([call.path, isOurs]).toEqual([call.path, call.origin === 'ours'])
  }
})
