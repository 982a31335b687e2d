/**
 * Which of PostgreSQL's errors are faults of the world, and which belong to the statement. Codes:
 * PostgreSQL 18 manual, appendix A. Errors without a code come from the connection itself.
 */
import { Fault } from '../base/fault.ts'

/** By whole code or by class (its first two characters); the whole code wins. */
const FAULTS: Readonly<Record<string, readonly [code: string, retry: 'later' | 'never']>> = {
  '08': ['database-unavailable', 'later'],
  '28': ['database-refuses-login', 'never'],
  '3D': ['database-missing', 'never'],
  '53': ['database-out-of-resources', 'later'],
  '53100': ['disk-full', 'later'],
  '57014': ['database-too-slow', 'later'],
  '57P01': ['database-unavailable', 'later'],
  '57P02': ['database-unavailable', 'later'],
  '57P03': ['database-unavailable', 'later'],
  '57P05': ['database-unavailable', 'later'],
  '25P03': ['database-too-slow', 'later'],
  '25P04': ['database-too-slow', 'later'],
  '55P03': ['database-too-slow', 'later'],
  '58': ['database-disk-fails', 'later'],
  F0: ['database-damaged', 'never'],
  XX: ['database-damaged', 'never'],
}

const SERIALIZATION_FAILURE = '40001'
const DEADLOCK_DETECTED = '40P01'
const UNIQUE_VIOLATION = '23505'

/** The SQLSTATE of an error that PostgreSQL sent; null for every other error. */
export function sqlState(error: unknown): string | null {
  const isFromServer = error instanceof Error && 'severity' in error && 'code' in error
  return isFromServer && typeof error.code === 'string' ? error.code : null
}

/**
 * What `pg` says when the connection itself is the trouble; the operating system's errors name a
 * call.
 */
const CONNECTION_TROUBLE = [
  'Connection terminated',
  'timeout expired',
  'timeout exceeded',
  'Query read timeout',
  'Client has encountered a connection error',
  'Client was closed',
  'The server does not support SSL',
  'There was an error establishing an SSL connection',
]

function isConnectionTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const isFromTls = 'code' in error && /CERT|^ERR_(TLS|SSL)/.test(String(error.code))
  const isFromDriver = CONNECTION_TROUBLE.some((beginning) => error.message.startsWith(beginning))
  return 'syscall' in error || isFromTls || isFromDriver
}

/** The same work, begun again, may well succeed. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error)
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED
}

/** Somebody else was first. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === UNIQUE_VIOLATION
}

/**
 * A fault for what the world did; null for an error that tells of the statement, which stays as it
 * is.
 */
export function databaseFault(error: unknown, doing: string): Fault | null {
  if (error instanceof Fault) return error
  const state = sqlState(error)
  if (state === null && !isConnectionTrouble(error)) return null
  const [code, retry] = FAULTS[state ?? '08'] ?? FAULTS[(state ?? '08').slice(0, 2)] ?? []
  if (code === undefined || retry === undefined) return null
  return new Fault({ code, doing, retry, cause: error })
}
