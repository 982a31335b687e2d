/** Files that are put into packages, or taken apart for them. */

import { utf8 } from '../../../src/base/bytes.ts'
import { sampleManifest, takesManifest } from '../../../src/pack/apk/foreign-bytes.suite.ts'
import { APP } from '../../../src/pack/apk/sample-app.suite.ts'
import { readZip, storedEntry, writeZip } from '../../../src/pack/archive/zip.ts'
import { signAdHoc } from '../../../src/pack/macho/ad-hoc-signature.ts'
import { sampleExecutable } from '../../../src/pack/macho/sample-executable.suite.ts'
import { saysItsVersion } from '../../../src/pack/msi/foreign-bytes.suite.ts'
import { sampleProgram } from '../../../src/pack/msi/program.suite.ts'
import type { Reader } from './reader.ts'

const ZIP_LIMITS = { entriesMax: 100, contentBytesMax: 1024 * 1024 }

export const OF_PACKAGES: readonly Reader[] = [
  {
    name: 'ZIP archive',
    samples: [
      APP,
      writeZip([storedEntry('a/b', utf8('content')), storedEntry('classes.dex', utf8('dex'))]),
    ],
    words: ['PK\u0003\u0004', 'PK\u0001\u0002', 'PK\u0005\u0006', 'PK\u0006\u0006', 'META-INF/'],
    read: (bytes) => readZip(bytes, ZIP_LIMITS).ok,
  },
  {
    name: 'compiled manifest of an Android app',
    samples: [sampleManifest()],
    words: ['manifest', '\u0003\u0000\u0008\u0000', '\u0002\u0001'],
    read: takesManifest,
  },
  {
    name: 'version of a Windows program',
    samples: [sampleProgram([8, 6, 0, 1]), sampleProgram([1, 2, 3, 4], { headLength: 512 })],
    words: ['MZ', 'PE\0\0', '.rsrc\0\0\0'],
    read: saysItsVersion,
  },
  {
    name: 'executable of macOS',
    samples: [sampleExecutable(), signAdHoc(sampleExecutable(), 'x')],
    words: ['__TEXT', '__LINKEDIT'],
    read: (bytes) => signAdHoc(bytes, 'drydock-agent').length > 0,
  },
]
