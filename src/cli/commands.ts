/** Every command there is, in the order of the help. */
import type { Command } from './command.ts'
import { auditVerify } from './commands/audit-verify.ts'
import { backup } from './commands/backup.ts'
import { configGet } from './commands/config-get.ts'
import { configSet } from './commands/config-set.ts'
import { distributionCreate } from './commands/distribution-create.ts'
import { distributionDelete } from './commands/distribution-delete.ts'
import { distributionDownload } from './commands/distribution-download.ts'
import { distributionList } from './commands/distribution-list.ts'
import { distributionStatus } from './commands/distribution-status.ts'
import { distributionUpdate } from './commands/distribution-update.ts'
import { distributionUrl } from './commands/distribution-url.ts'
import { endpointDelete } from './commands/endpoint-delete.ts'
import { endpointList } from './commands/endpoint-list.ts'
import { endpointRename } from './commands/endpoint-rename.ts'
import { endpointShow } from './commands/endpoint-show.ts'
import { endpointTag } from './commands/endpoint-tag.ts'
import { endpointUntag } from './commands/endpoint-untag.ts'
import { events } from './commands/events.ts'
import { keyCreate } from './commands/key-create.ts'
import { keyList } from './commands/key-list.ts'
import { keyRevoke } from './commands/key-revoke.ts'
import { keyRotate } from './commands/key-rotate.ts'
import { releaseList } from './commands/release-list.ts'
import { releasePublish } from './commands/release-publish.ts'
import { releaseWithdraw } from './commands/release-withdraw.ts'
import { restore } from './commands/restore.ts'
import { roleCreate } from './commands/role-create.ts'
import { roleDelete } from './commands/role-delete.ts'
import { roleList } from './commands/role-list.ts'
import { serve } from './commands/serve.ts'
import { trustExport } from './commands/trust-export.ts'
import { trustImportCertificate } from './commands/trust-import-certificate.ts'
import { trustListCertificates } from './commands/trust-list-certificates.ts'
import { trustRemoveCertificate } from './commands/trust-remove-certificate.ts'
import { upgrade } from './commands/upgrade.ts'
import { upgradeCancel } from './commands/upgrade-cancel.ts'
import { upgradeExplain } from './commands/upgrade-explain.ts'
import { upgradeList } from './commands/upgrade-list.ts'
import { upgradePause } from './commands/upgrade-pause.ts'
import { upgradePlan } from './commands/upgrade-plan.ts'
import { upgradePolicyDelete } from './commands/upgrade-policy-delete.ts'
import { upgradePolicyList } from './commands/upgrade-policy-list.ts'
import { upgradePolicySet } from './commands/upgrade-policy-set.ts'
import { upgradePolicyShow } from './commands/upgrade-policy-show.ts'
import { upgradeResume } from './commands/upgrade-resume.ts'
import { upgradeRetry } from './commands/upgrade-retry.ts'
import { upgradeRevert } from './commands/upgrade-revert.ts'
import { upgradeShow } from './commands/upgrade-show.ts'
import { upgradeSkipWave } from './commands/upgrade-skip-wave.ts'
import { upgradeStatus } from './commands/upgrade-status.ts'
import { upgradeWatch } from './commands/upgrade-watch.ts'
import { userCreate } from './commands/user-create.ts'
import { userDelete } from './commands/user-delete.ts'
import { userList } from './commands/user-list.ts'
import { userSetRole } from './commands/user-set-role.ts'

export const COMMANDS: readonly Command[] = [
  serve,
  releasePublish,
  releaseList,
  releaseWithdraw,
  distributionCreate,
  distributionList,
  distributionStatus,
  distributionUrl,
  distributionDownload,
  distributionUpdate,
  distributionDelete,
  endpointList,
  endpointShow,
  endpointRename,
  endpointTag,
  endpointUntag,
  endpointDelete,
  upgrade,
  upgradePlan,
  upgradeWatch,
  upgradeStatus,
  upgradeList,
  upgradeShow,
  upgradeExplain,
  upgradePause,
  upgradeResume,
  upgradeSkipWave,
  upgradeCancel,
  upgradePolicySet,
  upgradePolicyList,
  upgradePolicyShow,
  upgradePolicyDelete,
  upgradeRetry,
  upgradeRevert,
  keyCreate,
  keyList,
  keyRotate,
  keyRevoke,
  roleCreate,
  roleList,
  roleDelete,
  userCreate,
  userList,
  userSetRole,
  userDelete,
  configGet,
  configSet,
  events,
  auditVerify,
  trustExport,
  trustImportCertificate,
  trustListCertificates,
  trustRemoveCertificate,
  backup,
  restore,
]
