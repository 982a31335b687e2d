import { invariant } from '../../base/invariant.ts'

/** Replaces every `@NAME@`; a name that is missing, or that stands nowhere, is a bug. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const used = new Set<string>()
  const text = template.replace(/@([A-Z][A-Z0-9_]*)@/g, (_, name: string) => {
    const value = values[name]
    invariant(value !== undefined, `the template's @${name}@ has a value`)
    used.add(name)
    return value
  })
  invariant(used.size === Object.keys(values).length, 'every value stands in the template')
  return text
}
