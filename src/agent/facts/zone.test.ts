import { describe, expect, it } from 'vitest'
import { utf8 } from '../../base/bytes.ts'
import { zoneOf, zoneOfLink } from './zone.ts'

const berlin = utf8('TZif2 Berlin')
const table = utf8('# zones\nDE\t+5230+01322\tEurope/Berlin\tmost\nXX\t+0+0\t../../secret\n')

/** A machine that has these links and files, and nothing else. */
function machine(links: Record<string, string>, files: Record<string, Uint8Array>) {
  return zoneOf({ link: (path) => links[path] ?? null, file: (path) => files[path] ?? null })
}

describe('the zone of a Unix machine', () => {
  it.each([
    ['/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
    ['../usr/share/zoneinfo/Etc/UTC', 'Etc/UTC'],
    ['/usr/share/zoneinfo/posix/America/Argentina/Ushuaia', 'America/Argentina/Ushuaia'],
    ['/etc/zoneinfo/Etc/GMT+5', 'Etc/GMT+5'],
    ['/etc/some-zone', null],
    ['', null],
  ])('a link to %s names %s', (target, zone) => {
    expect(zoneOfLink(target)).toBe(zone)
  })

  it.each<[string, Record<string, string>, Record<string, Uint8Array>, string]>([
    [
      'the link, whatever /etc/timezone says',
      { '/etc/localtime': '../usr/share/zoneinfo/Asia/Tokyo' },
      { '/etc/localtime': berlin, '/etc/timezone': utf8('Europe/Berlin\n') },
      'Asia/Tokyo',
    ],
    [
      'links to links',
      {
        '/etc/localtime': 'local/time',
        '/etc/local/time': '/opt/time',
        '/opt/time': '../usr/share/zoneinfo/Asia/Tokyo',
      },
      {},
      'Asia/Tokyo',
    ],
    ['links in a circle: what else is there', { '/etc/localtime': 'localtime' }, {}, 'UTC'],
    [
      'of a copy /etc/timezone',
      {},
      { '/etc/localtime': berlin, '/etc/timezone': utf8('Europe/Berlin\n') },
      'Europe/Berlin',
    ],
    [
      'of a copy without a name the zone that has these rules',
      {},
      {
        '/etc/localtime': berlin,
        '/etc/timezone': utf8('no name\n'),
        '/usr/share/zoneinfo/zone.tab': table,
        '/usr/share/zoneinfo/Europe/Berlin': berlin,
        '/usr/share/zoneinfo/UTC': utf8('TZif2 UTC...'),
      },
      'Europe/Berlin',
    ],
    ['of a copy that nobody knows: unknown', {}, { '/etc/localtime': berlin }, ''],
    ['where there is nothing UTC, as libraries have it', {}, {}, 'UTC'],
  ])('is %s', (_, links, files, zone) => {
    expect(machine(links, files)).toBe(zone)
  })
})
