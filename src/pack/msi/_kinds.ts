/** In what the two kinds of packages differ: one installs an agent, one moves it on. */

export type Kind = 'standalone' | 'in-place'

type KindFacts = {
  /** For people, in the list of installed programs. */
  readonly subject: string
  /** When the enrolment that the package carries is put in place; null: always. */
  readonly enrolmentCondition: string | null
  /** When what was said on an earlier command line about the enrolment is said again. */
  readonly remembersEnrolment: string
  /** Where in the sequence the product before is removed. */
  readonly removesAt: number
}

export const KINDS: Readonly<Record<Kind, KindFacts>> = {
  standalone: {
    subject: 'Drydock Agent',
    enrolmentCondition: null,
    // A new package brings its own enrolment; only a repair has nothing else to go by.
    remembersEnrolment: 'Installed',
    // First of all, but inside the transaction: the product before comes back when this one fails.
    removesAt: 1510,
  },
  'in-place': {
    subject: 'Drydock Agent (upgrade)',
    enrolmentCondition: 'REHOME=1',
    remembersEnrolment: 'NOT (REHOME=1)',
    // Behind InstallExecute, when what both have in common is already this one's, too: it stays,
    // and the enrolment with it.
    removesAt: 5970,
  },
}
