/** What machines tell of themselves, and what their users and programs write there. */

import { parseKeyValues, parseUtmp } from '../../../src/agent/facts/linux.ts'
import { readMachineId } from '../../../src/agent/facts/machine-id.ts'
import { idOf as idOfMac, parseTexts, userOf } from '../../../src/agent/facts/macos.ts'
import { idOf as idOfWindows, systemName } from '../../../src/agent/facts/windows.ts'
import { zoneOfLink } from '../../../src/agent/facts/zone.ts'
import { parseInstallSettings } from '../../../src/agent/install-settings.ts'
import { startTimeOf } from '../../../src/agent/machine/macos/processes.ts'
import { parseStat } from '../../../src/agent/machine/proc-table.ts'
import { sidText } from '../../../src/agent/machine/windows/security.ts'
import { fromWide } from '../../../src/agent/machine/windows/win32.ts'
import { utf8 } from '../../../src/base/bytes.ts'
import { inFile } from './in-file.ts'
import type { Reader } from './reader.ts'

const PID = 4711

const OS_RELEASE = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID='12'
ID=debian
HOME_URL="https://www.debian.org/"   \t
`
const PLIST = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict><key>ProductName</key><string>macOS</string>
  <key>ProductVersion</key>   <string>14.5 &lt;&amp;</string></dict></plist>`
const STAT =
  '4711 (a (name) b) S 1 4711 4711 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 123456 1000 50'
const INI = `[enrolment]\r
server_url=https://drydock.example.com\r
distribution_id=${'d'.repeat(32)}\r
token=${'T'.repeat(43)}\r
[machine]\r
proxy=proxy1:8080,proxy2:8080\r
endpoint_tags=ring-1, web\r
[product]\r
product_code={12345678-1234-1234-1234-1234567890AB}\r
`
const WIDE_INI = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(INI, 'utf16le')])

function utmp(): Buffer {
  const records = Buffer.alloc(384 * 3)
  for (const [index, name] of ['root', 'käthe', ''].entries()) {
    records.writeInt16LE(7, 384 * index)
    records.write(name, 384 * index + 44)
  }
  return records
}

function macSession(): Buffer {
  const entry = Buffer.alloc(298)
  entry.write('anna')
  entry.writeInt16LE(7, 296)
  return entry
}

function macProcess(): Buffer {
  const info = Buffer.alloc(136)
  info.writeUInt32LE(2, 4)
  info.writeUInt32LE(PID, 12)
  info.writeBigUInt64LE(1_764_547_200n, 120)
  info.writeBigUInt64LE(5n, 128)
  return info
}

const texts = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')

export const OF_MACHINES: readonly Reader[] = [
  {
    name: 'os-release',
    samples: [utf8(OS_RELEASE)],
    words: ['VERSION_ID=', 'NAME="', '\r', '   ', `NAME=${' '.repeat(60_000)}\r`],
    read: (bytes) => parseKeyValues(texts(bytes)).size > 0,
  },
  { name: 'utmp', samples: [utmp()], read: (bytes) => parseUtmp(bytes).length > 0 },
  {
    name: 'property list',
    samples: [utf8(PLIST)],
    words: ['<key>', '</key>', '<string>', '</string>', '&lt;', '&amp;'],
    read: (bytes) => parseTexts(texts(bytes)).size > 0,
  },
  {
    name: 'session of a Mac',
    samples: [macSession()],
    read: (bytes) => userOf(bytes) !== null,
  },
  {
    name: 'id of a Mac',
    samples: [Buffer.alloc(16, 7)],
    read: (bytes) => idOfMac(bytes) !== '',
  },
  {
    name: 'process of a Mac',
    samples: [macProcess()],
    read: (bytes) => startTimeOf(bytes, PID) !== null,
  },
  { name: 'process of Linux', samples: [utf8(STAT)], read: (b) => parseStat(texts(b)) !== null },
  {
    name: 'link of the time zone',
    samples: [utf8('../usr/share/zoneinfo/posix/Europe/Berlin')],
    words: ['/zoneinfo/'],
    read: (bytes) => zoneOfLink(texts(bytes)) !== null,
  },
  {
    name: 'GUID of a registry',
    samples: [Buffer.from('{12345678-1234-1234-1234-1234567890AB}\0', 'utf16le')],
    read: (bytes) => idOfWindows(fromWide(bytes)) !== '',
  },
  {
    name: 'product name of a registry',
    samples: [Buffer.from('Windows 10 Pro\0', 'utf16le')],
    read: (bytes) => systemName(fromWide(bytes), 22_631).startsWith('Windows'),
  },
  {
    name: 'owner of a file on Windows',
    samples: [Buffer.from('010500000000000515000000010000000200000003000000e9030000', 'hex')],
    read: (bytes) => sidText(bytes) !== '',
  },
  {
    name: 'machine-id',
    samples: [utf8(`${'0123456789abcdef'.repeat(2)}\n`)],
    read: inFile((path) => readMachineId(path) !== ''),
  },
  {
    name: 'install.ini',
    samples: [utf8(INI), WIDE_INI],
    words: ['[machine]', 'proxy=', '\ufeff', '__proto__=', '[__proto__]'],
    read: (bytes) => parseInstallSettings(bytes).ok,
  },
]
