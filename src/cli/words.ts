import { accept, type Result, refuse } from '../base/result.ts'

/**
 * The words of a command line, split as a POSIX shell splits them (Shell Command Language, 2.2
 * Quoting), without any expansion: `$`, `*`, `~`, `|` and their like stand for themselves, because
 * no shell will see them on the endpoint.
 */
export function splitWords(line: string): Result<readonly string[], string> {
  const words: string[] = []
  let at = 0
  while (at < line.length) {
    if (/\s/.test(line.charAt(at))) {
      at++
      continue
    }
    const word = readWord(line, at)
    if (!word.ok) return word
    words.push(word.value.text)
    at = word.value.end
  }
  return accept(words)
}

type Piece = { readonly text: string; readonly end: number }

function readWord(line: string, start: number): Result<Piece, string> {
  let text = ''
  let at = start
  while (at < line.length && !/\s/.test(line.charAt(at))) {
    const piece = readPiece(line, at)
    if (!piece.ok) return piece
    text += piece.value.text
    at = piece.value.end
  }
  return accept({ text, end: at })
}

function readPiece(line: string, at: number): Result<Piece, string> {
  const character = line.charAt(at)
  if (character === "'") {
    const end = line.indexOf("'", at + 1)
    if (end < 0) return refuse('a single quote is never closed')
    return accept({ text: line.slice(at + 1, end), end: end + 1 })
  }
  if (character === '"') return readDoubleQuoted(line, at + 1)
  if (character !== '\\') return accept({ text: character, end: at + 1 })
  if (at + 1 === line.length) return refuse('a backslash at the end stands before nothing')
  return accept({ text: line.charAt(at + 1), end: at + 2 })
}

function readDoubleQuoted(line: string, start: number): Result<Piece, string> {
  let text = ''
  for (let at = start; at < line.length; at++) {
    const character = line.charAt(at)
    if (character === '"') return accept({ text, end: at + 1 })
    // 2.2.3: within double quotes a backslash is one, except before these.
    const escaped = character === '\\' ? line.charAt(at + 1) : ''
    if (escaped !== '' && '$`"\\'.includes(escaped)) {
      text += escaped
      at++
    } else text += character
  }
  return refuse('a double quote is never closed')
}
