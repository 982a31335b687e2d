/**
 * How to reach a PostgreSQL: the embedded one by its unix socket, or one of the operator's own by
 * its URL.
 */
export type Connection =
  | {
      readonly kind: 'socket'
      /** The folder that holds `.s.PGSQL.<port>`. */
      readonly folder: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly database: string
    }
  | { readonly kind: 'url'; readonly url: string }

/** The settings of `pg` for a connection. */
export function clientSettings(connection: Connection): ClientSettings {
  if (connection.kind === 'url') return { connectionString: connection.url }
  return {
    host: connection.folder,
    port: connection.port,
    user: connection.user,
    password: connection.password,
    database: connection.database,
  }
}

type ClientSettings =
  | { readonly connectionString: string }
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly database: string
    }
