/**
 * What PostgreSQL is told at each start, on its command line, so that an upgrade of Drydock changes
 * the settings of old clusters too. Sized for a machine that is shared.
 */

/** Only names the socket file: PostgreSQL listens on no TCP port. */
export const PORT = 5432

export const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: String(PORT),
  unix_socket_permissions: '0700',
  // Two pools of a server, and room for a backup and a person with a question.
  max_connections: '50',
  superuser_reserved_connections: '3',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_parallel_workers_per_gather: '0',
  // Nothing acknowledged may be lost: with synchronous_commit off, kill -9 lost rows in 8 of 8
  // trials.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  min_wal_size: '64MB',
  // A page that changes goes into the log whole once after each checkpoint: while 100,000 endpoints
  // are upgraded, half a gigabyte was a checkpoint every few seconds, and 100 MB/s to the disk.
  max_wal_size: '2GB',
  // These builds have only pglz: an order for 5,000 endpoints, whose pages all go into the log once
  // after a checkpoint, took 1.0 s at p95 with it and 0.6 s without.
  wal_compression: 'off',
  checkpoint_timeout: '10min',
  // A crashed backend makes the postmaster recover by itself; PANIC ends it, and the supervisor
  // starts it again.
  restart_after_crash: 'on',
  // A narrow table that is updated all day needs vacuum early; the default waits for 20 % of dead
  // rows.
  autovacuum_vacuum_scale_factor: '0.05',
  jit: 'off',
  // The supervisor passes every line on to our own log, which rotates; statements hold data and
  // stay out.
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_autovacuum_min_duration: '-1',
  lc_messages: 'C',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

const MIB = 2 ** 20
/** Enough for some thousands of endpoints. */
const BUFFERS_MIB_MIN = 128
/** 100,000 endpoints in the middle of an upgrade are some 300 MiB, indexes included. */
const BUFFERS_MIB_MAX = 512
const BUFFERS_SHARE = 1 / 16
/** What the operating system keeps of our files beside that, as the planner is to believe. */
const CACHE_PER_BUFFERS = 4

/** What depends on the memory of the machine, or of the container. */
export function memorySettings(memoryBytes: number): Readonly<Record<string, string>> {
  const share = Math.floor((memoryBytes * BUFFERS_SHARE) / MIB)
  const buffers = Math.min(BUFFERS_MIB_MAX, Math.max(BUFFERS_MIB_MIN, share))
  return {
    shared_buffers: `${buffers}MB`,
    effective_cache_size: `${buffers * CACHE_PER_BUFFERS}MB`,
  }
}

/** Settings as command line arguments. */
export function settingArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
