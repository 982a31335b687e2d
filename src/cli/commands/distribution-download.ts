import { accept } from '../../base/result.ts'
import { downloadPackages, parseDownload } from '../await-package.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT } from '../outcome.ts'
import { bytesText } from '../print.ts'

export const distributionDownload = defineApiCommand({
  name: 'distribution download',
  summary: 'Fetch a package, from where an earlier try stopped',
  operands: [
    { name: 'ID', help: 'what "drydock distribution create" gave', count: 'one' },
    {
      name: 'TYPE[=PATH]',
      help: 'deb, aarch64_deb, x64, pkg, yaml, apk ...; and where to',
      count: 'one',
    },
  ],
  options: {},
  async run(context, _values, [id = '', wanted = '']) {
    const order = parseDownload(wanted)
    if (!order.ok) return order
    const files = await downloadPackages(context, id, [order.value])
    if (!files.ok) return files
    const lines = files.value.map(
      ({ path, size, sha256 }) => `${path}  ${bytesText(size)}  sha256 ${sha256}`,
    )
    return accept({ exitCode: EXIT.done, lines, json: files.value[0] })
  },
})
