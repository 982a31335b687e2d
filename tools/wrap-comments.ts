/**
 * Wraps comments at the width that the formatter keeps for code: it moves code and leaves comments
 * as they are. Only paragraphs with a line that is too wide are touched, and code, lists and tables
 * inside comments stay.
 *
 * Usage: node tools/wrap-comments.ts [FILE...], from the root of the repository; all of ours
 * without one.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'

const COLUMNS_MAX = 100

/** `  // `, `   * `: what stands before the words of a comment that has its line to itself. */
const LEAD = /^\s*(?:\/\/|\*(?!\/))\s?/
/** A line that does not flow into the next: blank, list item, tag, table, or indented. */
const FIXED = /^(?:$|[-*+|@]|\d+\.|\s{2,})/
const ITEM = /^\s*(?:[-*+]|\d+\.) /
/** Tables, and code by its indent, are left to people. */
const AS_IS = /^(?:\||\s{4,}(?![-*+] |\d+\.))/

export function wrapComments(text: string): string {
  const lines = text.split('\n').flatMap(openBlock)
  const wrapped: string[] = []
  for (let at = 0; at < lines.length; ) {
    const paragraph = paragraphAt(lines, at)
    wrapped.push(...(paragraph.some(isTooWide) ? wrapParagraph(paragraph) : paragraph))
    at += paragraph.length
  }
  return wrapped.join('\n')
}

function isTooWide(line: string): boolean {
  return line.length > COLUMNS_MAX
}

/**
 * A one-line block comment that is too wide becomes one of three lines, so that its words can be
 * wrapped.
 */
function openBlock(line: string): string[] {
  const block = /^(\s*)(\/\*\*?) (.*) \*\/$/.exec(line)
  if (block === null || !isTooWide(line)) return [line]
  const [, indent = '', opening = '', words = ''] = block
  return [`${indent}${opening}`, `${indent} * ${words}`, `${indent} */`]
}

function leadOf(line: string): string | undefined {
  return LEAD.exec(line)?.[0]
}

/** From `at`, the lines of one comment paragraph; or one line of anything else. */
function paragraphAt(lines: readonly string[], at: number): string[] {
  const lead = leadOf(lines[at] ?? '')
  let end = at + 1
  while (lead !== undefined && isFlowing(lines[end - 1], lead) && isFlowing(lines[end], lead)) end++
  return lines.slice(at, end)
}

function isFlowing(line: string | undefined, lead: string): boolean {
  if (line === undefined || leadOf(line) !== lead) return false
  return !FIXED.test(line.slice(lead.length))
}

function wrapParagraph(paragraph: readonly string[]): string[] {
  const lead = leadOf(paragraph[0] ?? '')
  const text = (paragraph[0] ?? '').slice(lead?.length)
  if (lead === undefined || AS_IS.test(text)) return [...paragraph]
  const indent = lead + (/^\s*/.exec(text)?.[0] ?? '')
  const hang = ITEM.test(text) ? `${indent}  ` : indent
  const words = paragraph.flatMap((line) => line.slice(lead.length).trim().split(/\s+/))
  const lines = [indent + (words.shift() ?? '')]
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`
    if (isTooWide(longer)) lines.push(hang + word)
    else lines[lines.length - 1] = longer
  }
  return lines
}

if (import.meta.main) {
  const ours = ['src/**/*.{ts,tsx}', 'test/**/*.ts', 'tools/**/*.ts', 'bench/**/*.ts', '*.ts']
  const named = process.argv.slice(2)
  for (const path of named.length > 0 ? named : globSync(ours)) {
    const before = readFileSync(path, 'utf8')
    const after = wrapComments(before)
    if (after !== before) writeFileSync(path, after)
  }
}
