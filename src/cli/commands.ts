/** Every command there is, in the order of the help. */
import type { Command } from './command.ts'
import { backup } from './commands/backup.ts'
import { distributionCreate } from './commands/distribution-create.ts'
import { distributionDownload } from './commands/distribution-download.ts'
import { distributionStatus } from './commands/distribution-status.ts'
import { distributionUrl } from './commands/distribution-url.ts'
import { endpointList } from './commands/endpoint-list.ts'
import { endpointShow } from './commands/endpoint-show.ts'
import { keyCreate } from './commands/key-create.ts'
import { keyList } from './commands/key-list.ts'
import { keyRevoke } from './commands/key-revoke.ts'
import { releaseList } from './commands/release-list.ts'
import { releasePublish } from './commands/release-publish.ts'
import { restore } from './commands/restore.ts'
import { serve } from './commands/serve.ts'
import { upgrade } from './commands/upgrade.ts'
import { upgradeStatus } from './commands/upgrade-status.ts'

export const COMMANDS: readonly Command[] = [
  serve,
  releasePublish,
  releaseList,
  distributionCreate,
  distributionStatus,
  distributionUrl,
  distributionDownload,
  endpointList,
  endpointShow,
  upgrade,
  upgradeStatus,
  keyCreate,
  keyList,
  keyRevoke,
  backup,
  restore,
]
