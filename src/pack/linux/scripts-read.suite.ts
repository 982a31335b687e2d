/** The shells of the field, asked whether they can read the scripts of a package. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { needs } from '../../../test/needs.ts'

const SHELLS = [
  ['dash', '-n'],
  ['bash', '--posix', '-n'],
  ['busybox', 'sh', '-n'],
] as const

/** `scripts`: each script's text by its name. */
export function scriptsAreRead(title: string, scripts: Readonly<Record<string, string>>): void {
  describe(title, () => {
    const rows = SHELLS.flatMap((shell) =>
      Object.entries(scripts).map(([name, text]) => [shell.join(' '), name, shell, text] as const),
    )
    describe.each(rows)('%s', (_, name, shell, text) => {
      const [command, ...words] = shell
      it.skipIf(!needs(command))(`reads ${name} (needs ${command})`, () => {
        const done = spawnSync(command, words, { input: text, encoding: 'utf8' })
        expect(done.stderr).toBe('')
        expect(done.status).toBe(0)
      })
    })
  })
}
