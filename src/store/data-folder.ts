import { join } from 'node:path'
import { SECRET_FILE } from './secret.ts'

/** What lies in the data folder, and where. */
export type DataFolder = {
  readonly root: string
  /** The embedded PostgreSQL; absent with a database of one's own. */
  readonly postgres: string
  readonly artifacts: string
  readonly secret: string
  readonly adminKey: string
}

export function dataFolder(root: string): DataFolder {
  return {
    root,
    postgres: join(root, 'postgres'),
    artifacts: join(root, 'artifacts'),
    secret: join(root, SECRET_FILE),
    adminKey: join(root, 'admin-key.json'),
  }
}
