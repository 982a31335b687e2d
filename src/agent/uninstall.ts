/**
 * `drydock-agent uninstall`: undone by what did it, so that the package manager's books stay true.
 */
import { join } from 'node:path'
import { fromUtf8 } from '../base/bytes.ts'
import { accept, type Result, refuse } from '../base/result.ts'
import type { Removal } from './arguments.ts'
import { INSTALL_SETTINGS_FILE, readInstallSettings } from './install-settings.ts'
import type { Layout } from './layout.ts'
import { isExecutable, readIfThere } from './machine/files.ts'

/**
 * rpm itself never removes what it did not bring. `$0` is the root, the arguments are options of
 * rpm.
 */
const RPM_PURGE =
  'rpm "$@" --erase drydock-agent && ' +
  'rm -rf "$0/opt/drydock-agent" "$0/etc/drydock-agent" "$0/var/lib/drydock-agent"'

export type UninstallRefusal =
  | { readonly code: 'not-installed'; readonly message: string }
  | { readonly code: 'needs-root'; readonly message: string }
  | { readonly code: 'in-container'; readonly message: string }
  | { readonly code: 'by-msiexec'; readonly message: string }

/** The program that uninstalls this agent. */
export function uninstallCommand(
  layout: Layout,
  asked: { readonly userId: number; readonly what: Removal },
): Result<readonly [string, ...string[]], UninstallRefusal> {
  const bytes = readIfThere(layout.installedBy, 100)
  const installedBy = bytes === null ? null : fromUtf8(bytes).trim()
  if (installedBy === 'oci') {
    const message = 'it runs from an image: whoever runs the container removes it and its volume'
    return refuse({ code: 'in-container', message })
  }
  if (installedBy === 'msi') return refuse(askMsiexec(layout, asked.what))
  if (
    installedBy !== 'deb' &&
    installedBy !== 'rpm' &&
    installedBy !== 'sh' &&
    installedBy !== 'pkg'
  ) {
    const message = `${layout.installedBy} does not say how this agent was installed`
    return refuse({ code: 'not-installed', message })
  }
  if (layout.root === '' && asked.userId !== 0) {
    return refuse({ code: 'needs-root', message: 'uninstalling needs root: try with sudo' })
  }
  return commandOf(layout, installedBy, asked.what)
}

/** Windows removes no program that runs, as this one would while it waits for the removal. */
function askMsiexec(layout: Layout, what: Removal): UninstallRefusal {
  const settings = readInstallSettings(join(layout.program, INSTALL_SETTINGS_FILE))
  const product = settings.ok ? settings.value['product.product_code'] : undefined
  const purge = what === 'everything' ? ' PURGE=1' : ''
  const command = `msiexec /x ${product ?? 'FILE.msi'} /qn${purge}`
  return { code: 'by-msiexec', message: `as an administrator: ${command}` }
}

function commandOf(
  layout: Layout,
  installedBy: 'deb' | 'rpm' | 'sh' | 'pkg',
  what: Removal,
): Result<readonly [string, ...string[]], UninstallRefusal> {
  if (installedBy === 'deb') {
    const root = layout.root === '' ? [] : [`--root=${layout.root}`]
    const action = what === 'everything' ? '--purge' : '--remove'
    return accept(['dpkg', ...root, action, 'drydock-agent'])
  }
  if (installedBy === 'rpm') {
    const root = layout.root === '' ? [] : ['--root', layout.root]
    if (what === 'program') return accept(['rpm', ...root, '--erase', 'drydock-agent'])
    return accept(['sh', '-c', RPM_PURGE, layout.root, ...root])
  }
  const script = join(layout.program, 'uninstall.sh')
  if (!isExecutable(script)) {
    return refuse({ code: 'not-installed', message: `${script} is missing` })
  }
  const purge = what === 'everything' ? ['--purge'] : []
  return accept([script, ...purge, ...(layout.root === '' ? [] : ['--root', layout.root])])
}
