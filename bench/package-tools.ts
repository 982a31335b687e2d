/** The same files, packed once by the tools that a user would take: dpkg-deb, rpmbuild, wixl. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { built, download } from '../test/acceptance/catalogue.ts'
import { REPOSITORY, type ServerProcess } from '../test/acceptance/server-process.ts'
import { diskBytes } from './machine.ts'
import type { Row } from './table.ts'

export async function timeTools(server: ServerProcess, version: string): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-bench-tools-'))
  try {
    const { distribution_id } = await server.client.distributions.create({
      ...{ name: 'to be packed again', package_type: 'standalone', platform: 'linux' },
      agent_version: version,
    })
    await built(server.client, distribution_id)
    const deb = await download(server.client, distribution_id, { type: 'deb', folder })
    const tree = join(folder, 'tree')
    execFileSync('dpkg-deb', ['-R', deb, tree])
    return [packDeb(tree, folder), packRpm(tree, folder), packMsi(folder)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function packDeb(tree: string, folder: string): Row {
  const out = join(folder, 'again.deb')
  const order = ['-Zgzip', '--root-owner-group', '-b', tree, out]
  return timed('`dpkg-deb -Zgzip`, one deb', out, () => execFileSync('dpkg-deb', order))
}

/** gzip, level 6, as ours is: rpm's own default takes longer still. */
function packRpm(tree: string, folder: string): Row {
  const [spec, top] = [join(folder, 'agent.spec'), join(folder, 'rpm')]
  const words = `Name: drydock-agent
Version: 9
Release: 1
Summary: The same files
License: Apache-2.0
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _binary_payload w6.gzdio
AutoReqProv: no
%description
The same files.
%install
mkdir -p %{buildroot}
cp -a ${tree}/opt %{buildroot}/
%files
/opt
`
  writeFileSync(spec, words)
  const order = ['-bb', '--quiet', '--define', `_topdir ${top}`, '--target', 'x86_64', spec]
  return timed('`rpmbuild`, one rpm', top, () => {
    execFileSync('rpmbuild', order, { stdio: 'ignore' })
    rmSync(join(top, 'BUILD'), { recursive: true, force: true })
    rmSync(join(top, 'BUILDROOT'), { recursive: true, force: true })
  })
}

function packMsi(folder: string): Row {
  const files = join(folder, 'windows')
  mkdirSync(files)
  const built = join(REPOSITORY, 'build/agent/windows-x64')
  for (const name of ['drydock-agent.exe', 'agent.mjs']) {
    copyFileSync(join(built, name), join(files, name))
  }
  const source = join(files, 'agent.wxs')
  writeFileSync(source, WXS)
  const out = join(folder, 'again.msi')
  const order = ['-a', 'x64', '-o', out, source]
  return timed('`wixl`, one msi', out, () => execFileSync('wixl', order, { cwd: files }))
}

const WXS = `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="11111111-1111-1111-1111-111111111111" Name="agent" Language="1033" Version="9.0.0"
      UpgradeCode="22222222-2222-2222-2222-222222222222" Manufacturer="x">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Directory Id="ProgramFiles64Folder">
      <Directory Id="INSTALLDIR" Name="agent">
        <Component Id="All" Guid="33333333-3333-3333-3333-333333333333" Win64="yes">
          <File Id="Launcher" Source="drydock-agent.exe" KeyPath="yes"/>
          <File Id="Agent" Source="agent.mjs"/>
        </Component>
      </Directory></Directory></Directory>
    <Feature Id="Main" Level="1"><ComponentRef Id="All"/></Feature>
  </Product>
</Wix>
`

/** Beside our figures above: what a package made by the tool costs each time. */
function timed(tool: string, out: string, pack: () => unknown): Row {
  const startedAt = performance.now()
  pack()
  const seconds = (performance.now() - startedAt) / 1000
  return {
    what: `a tool in our place: ${tool}`,
    ours: 'see above',
    other: `${seconds.toFixed(2)} s, ${(diskBytes(out) / 1024 / 1024).toFixed(1)} MiB`,
    ratio: '',
  }
}
