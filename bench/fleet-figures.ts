/** What the server process and its database use while the simulated fleet is at them. */
import type { Connection } from '../src/store/connection.ts'
import { withSql } from './fleet-set-up.ts'
import { cpuSeconds, family, memoryMiB } from './machine.ts'

/** CPU spent from one moment on, by the server and by its PostgreSQL. */
export type CpuWatch = () => { readonly server: number; readonly database: number }

export function watchCpu(pid: number): CpuWatch {
  const began = performance.now()
  const before = new Map(family(pid).map((member) => [member, cpuSeconds(member)]))
  return () => {
    const seconds = (performance.now() - began) / 1000
    const spent = (member: number) => cpuSeconds(member) - (before.get(member) ?? 0)
    // PostgreSQL ends a worker now and then: what that used is not counted.
    const used = family(pid).map((member) => (member === pid ? 0 : spent(member)))
    return {
      server: spent(pid) / seconds,
      database: used.reduce((sum, each) => sum + each, 0) / seconds,
    }
  }
}

export type Footprint = {
  readonly serverMiB: number
  readonly postgresMiB: number
  readonly databaseMiB: number
}

export async function footprint(pid: number, connection: Connection): Promise<Footprint> {
  const others = family(pid).filter((member) => member !== pid)
  const bytes = await withSql(connection, async (sql) => {
    const { rows } = await sql.query<{ size: string }>(
      'select pg_database_size(current_database()) as size',
    )
    return Number(rows[0]?.size)
  })
  return {
    serverMiB: memoryMiB([pid]).rss,
    postgresMiB: memoryMiB(others).pss,
    databaseMiB: bytes / 1024 / 1024,
  }
}

export function describe(use: ReturnType<CpuWatch>, { serverMiB, ...rest }: Footprint): string {
  const { postgresMiB, databaseMiB } = rest
  return (
    `CPU ${percent(use.server)} + ${percent(use.database)}; ${serverMiB.toFixed(0)} MiB ` +
    `+ ${postgresMiB.toFixed(0)} MiB; database ${databaseMiB.toFixed(0)} MiB`
  )
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
