/** `--run` and `--health`: the operator's command lines, checked against the payload. */
import { accept, type Result } from '../base/result.ts'
import { PAYLOAD_FOLDER } from '../contract/manifest.ts'
import { suggestion } from './nearest.ts'
import { type Failure, refuseUsage } from './outcome.ts'
import type { SourceFile } from './payload.ts'
import { splitWords } from './words.ts'

/** Program and arguments; the program is an executable file of the payload. */
export function parseProgram(
  option: string,
  line: string,
  files: readonly SourceFile[],
): Result<readonly string[], Failure> {
  const words = splitWords(line)
  if (!words.ok) return refuseUsage(`${option} '${line}': ${words.refusal}.`)
  const [program = '', ...rest] = words.value
  if (program === '') return refuseUsage(`${option} names no program.`)
  const path = program.replace(/^(?:\.\/+)+/, '')
  const file = files.find((each) => each.path === `${PAYLOAD_FOLDER}/${path}`)
  if (file === undefined) return refuseUsage(...missingProgram(option, path, files))
  if (!file.executable) {
    return refuseUsage(
      `${option} names ${path}, which is not executable in the payload.`,
      `Make it so: chmod +x ${file.source}`,
    )
  }
  const empty = rest.indexOf('')
  if (empty >= 0) return refuseUsage(`${option} has an empty word, which a release cannot carry.`)
  return accept([path, ...rest])
}

function missingProgram(
  option: string,
  path: string,
  files: readonly SourceFile[],
): readonly [string, ...string[]] {
  if (path.startsWith('/')) {
    return [
      `${option} names ${path}, but the program must be a file of the payload.`,
      'Its path is relative to the payload folder, such as bin/x.',
    ]
  }
  const programs = files
    .filter(({ executable }) => executable)
    .map((file) => file.path.slice(PAYLOAD_FOLDER.length + 1))
  const shown = programs.slice(0, 5).join(', ')
  return [
    `${option} names ${path}, which is not in the payload.${suggestion(path, programs)}`,
    programs.length === 0
      ? 'Nothing in it is executable.'
      : `Executable in it: ${shown}${programs.length > 5 ? ', ...' : ''}.`,
  ]
}
