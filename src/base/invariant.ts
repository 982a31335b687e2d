/** We broke our own rule. Never caught except at an edge, which logs it and answers 500. */
export class Bug extends Error {
  override readonly name = 'Bug'
}

export function invariant(condition: unknown, rule: string): asserts condition {
  if (!condition) throw new Bug(rule)
}

/** Ends an exhaustive switch: a new member of the union becomes a type error here. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${JSON.stringify(value)}`)
}
