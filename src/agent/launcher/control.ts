/**
 * What launcher and agent say to each other (docs/protocol/launcher.md): one JSON object a line,
 * the agent's on its stdout, the launcher's on the agent's stdin. The launcher outlives many agent
 * versions, so unknown kinds and fields are passed over on both sides, and meaning is only ever
 * added.
 */
import * as z from 'zod'
import { hexId, sha256Hex, versionText } from '../../contract/schema.ts'

/** A line beyond this is no message of ours; its sender is treated as broken. */
export const LINE_BYTES_MAX = 64 * 1024

const reason = z.string().min(1).max(100)
const message = z.string().max(1000)

export const agentMessage = z.discriminatedUnion('kind', [
  /** First of all, within 5 s of the start. */
  z.object({ kind: z.literal('hello'), protocol: z.int().min(1), version: versionText }),
  /** Every 10 s; without one for 60 s the agent is killed and started again. */
  z.object({ kind: z.literal('alive') }),
  z.object({ kind: z.literal('healthy') }),
  z.object({ kind: z.literal('unhealthy'), reason, message }),
  z.object({
    kind: z.literal('switch'),
    attempt_id: hexId,
    manifest_digest: sha256Hex,
    version: versionText,
    probation_s: z
      .int()
      .min(1)
      .max(31 * 24 * 3600),
  }),
  /** The server has stored the end of this attempt. */
  z.object({ kind: z.literal('outcome-acknowledged'), attempt_id: hexId }),
  z.object({ kind: z.literal('forget-skip'), manifest_digest: sha256Hex }),
])
export type AgentMessage = z.infer<typeof agentMessage>
export type SwitchRequest = Extract<AgentMessage, { kind: 'switch' }>

export const slot = z.object({ manifest_digest: sha256Hex, version: versionText })
export type Slot = z.infer<typeof slot>

export const skipped = slot.extend({ reason, message })
export type Skipped = z.infer<typeof skipped>

/** How a switch ended, until the server has acknowledged it. */
export const outcome = z.object({
  /** Null when a newer package brought the version: nobody waits for the answer. */
  attempt_id: hexId.nullable(),
  manifest_digest: sha256Hex,
  version: versionText,
  result: z.enum(['succeeded', 'rolled-back']),
  reason: reason.nullable(),
  message: message.nullable(),
})
export type Outcome = z.infer<typeof outcome>

export const launcherMessage = z.discriminatedUnion('kind', [
  /** At the start, and again whenever one of these changes. */
  z.object({
    kind: z.literal('slots'),
    protocol: z.int().min(1),
    active: slot,
    backup: slot.nullable(),
    /** Versions to keep on disk besides, because a failed probation would go back to them. */
    kept: z.array(slot).max(4),
    probation: z.object({ attempt_id: hexId.nullable() }).nullable(),
    skip: z.array(skipped),
    outcome: outcome.nullable(),
  }),
  z.object({ kind: z.literal('switch-refused'), attempt_id: hexId, reason, message }),
])
export type LauncherMessage = z.infer<typeof launcherMessage>
export type SlotsMessage = Extract<LauncherMessage, { kind: 'slots' }>

export function writeLine(message: AgentMessage | LauncherMessage): string {
  return `${JSON.stringify(message)}\n`
}

/** The message of a line; null for a kind of another time, or for no message at all. */
export function parseLine<Schema extends z.ZodType>(
  line: string,
  schema: Schema,
): z.infer<Schema> | null {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    // Best effort: a stray line (a library that prints) is no message and harms nobody.
    return null
  }
  const parsed = schema.safeParse(json)
  return parsed.success ? parsed.data : null
}

/** Cuts a byte stream into lines and gives up, once, on one that is too long. */
export class LineReader {
  #rest = ''
  #broken = false
  readonly #onLine: (line: string) => void
  readonly #onTooLong: () => void

  constructor(onLine: (line: string) => void, onTooLong: () => void) {
    this.#onLine = onLine
    this.#onTooLong = onTooLong
  }

  push(text: string): void {
    if (this.#broken) return
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > LINE_BYTES_MAX || lines.some((line) => line.length > LINE_BYTES_MAX)) {
      this.#broken = true
      this.#rest = ''
      this.#onTooLong()
      return
    }
    for (const line of lines) if (line !== '') this.#onLine(line)
  }
}
