/** Where a Unix tells of its processes: /proc on Linux, library calls on macOS. */
export type Member = { readonly pid: number; readonly session: number; readonly startTime: number }

export type ProcessTable = {
  /** This boot of the machine; empty where the machine does not say. */
  bootId(): string
  /** Null when it has ended, counted by its parent or not. */
  member(pid: number): Member | null
  members(): readonly Member[]
}
