/** What a command has of the world besides the disk: everything else is handed in. */
import type { Clock, Instant } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Result } from '../base/result.ts'
import type { Fetch } from '../client/transport.ts'

/** Where text goes: a terminal, a pipe, a file, or a test. */
export type Output = {
  write(text: string): void
  /** Whether a person looks at it, so that lines may be drawn again in place. */
  readonly isTerminal: boolean
  /** Asked each time: people change the size of their windows. */
  columns(): number
  rows(): number
}

export type Io = {
  /** The result of the command, and nothing else. */
  readonly stdout: Output
  /** Progress, notes and errors. */
  readonly stderr: Output
  readonly clock: Clock
  readonly random: Random
  readonly fetch: Fetch
  readonly settings: CliSettings
}

/** Where the server is and which key to use, unless the command line says otherwise. */
export type CliSettings = {
  readonly server: string
  readonly keyFile: string
}

/** The commands that are no API calls, handed in by whoever may open the database. */
export type OwnServer = {
  /** Runs until it is told to stop; gives the exit code. */
  serve(): Promise<number>
  backup(file: string): Promise<Result<BackupSummary, OwnRefusal>>
  restore(file: string): Promise<Result<RestoreSummary, OwnRefusal>>
}

/** `reason` is a code of docs/reasons.md; null where the sentence says everything. */
export type OwnRefusal = { readonly reason: string | null; readonly message: string }

export type BackupSummary = {
  readonly tables: number
  readonly rows: number
  readonly artifacts: number
  /** Of the file. */
  readonly bytes: number
}

export type RestoreSummary = {
  /** When the backup was made. */
  readonly createdAt: Instant
  readonly rows: number
  readonly artifacts: number
}
