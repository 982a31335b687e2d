/**
 * YAML that every reader takes for the same. The readers in clusters know YAML 1.1 (`yes`, `1:30`),
 * others 1.2 (`0o17`): a text that is something else in either is quoted. For YAML 1.1 three more
 * characters end a line (1.1, "Line Break Characters"), and some must not stand anywhere (5.1,
 * "Character Set"): a text with one of them is quoted, and the character escaped.
 */
import { Document, type Scalar, visit } from 'yaml'

// A line feed is the writer's own: in a text it is escaped by the quotes.
const UNSAFE =
  /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/gu

/** "Merge Key Language-Independent Type for YAML": a bare `<<` is an order, not a key. */
const MERGE = 'tag:yaml.org,2002:merge'

export function toYaml(value: unknown): string {
  const document = new Document(value, {
    schema: 'yaml-1.1',
    compat: 'core',
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || tag.tag !== MERGE),
    aliasDuplicateObjects: false,
  })
  visit(document, { Scalar: (_key, scalar) => quoteUnsafe(scalar) })
  // One line for each text, escaped: how others are folded differs between readers.
  const text = document.toString({ lineWidth: 0, blockQuote: false })
  return text.replaceAll(UNSAFE, escaped)
}

/** Objects one after the other, as `kubectl apply -f` reads them. */
export function toYamlStream(head: string, objects: readonly unknown[]): string {
  return [head, ...objects.map(toYaml)].join('---\n')
}

function quoteUnsafe(scalar: Scalar): void {
  const { value } = scalar
  if (typeof value !== 'string') return
  if (value === '<<' || value.search(UNSAFE) >= 0) scalar.type = 'QUOTE_DOUBLE'
}

/** All of them have four hexadecimal digits: what has more is safe. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
