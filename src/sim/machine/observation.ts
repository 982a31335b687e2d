/** What the files of launcher and agent say, read as they read them, again only after changes. */
import { loadSlots, type Slots } from '../../agent/launcher/slots.ts'
import type { Layout } from '../../agent/layout.ts'
import { type Attempt, loadJournal } from '../../agent/update/journal.ts'
import { silentLog } from '../../base/log.ts'
import type { Drive } from '../disk/drive.ts'

export type Noted = {
  readonly slots: Slots
  /** What the agent works on, or worked on until the server has stored its end. */
  readonly attempt: Attempt | null
}

export class Observation {
  readonly #drive: Drive
  readonly #layout: Layout
  #generation = -1
  #noted: Noted | null = null

  /** `drive` never fails, and has the files of the machine's own. */
  constructor(drive: Drive, layout: Layout) {
    this.#drive = drive
    this.#layout = layout
  }

  read(): Noted {
    const { generation } = this.#drive.tree
    if (this.#noted !== null && generation === this.#generation) return this.#noted
    this.#generation = generation
    this.#noted = {
      slots: loadSlots(this.#layout.slots, silentLog),
      attempt: loadJournal(this.#layout.journal).attempt,
    }
    return this.#noted
  }

  /** One line for a transcript. */
  describe(): string {
    const { slots, attempt } = this.read()
    const { active, probation, outcome } = slots
    const parts = [active === null ? 'no version' : `active ${active.version}`]
    if (probation !== null) parts.push('on probation')
    if (outcome !== null) parts.push(`${outcome.version} ${outcome.result} ${outcome.reason ?? ''}`)
    if (attempt !== null) {
      const { version, phase, ended } = attempt
      parts.push(
        `attempt ${version} ${ended === null ? phase : `${ended.phase} ${ended.reason ?? ''}`}`,
      )
    }
    return parts.map((part) => part.trim()).join(', ')
  }
}
