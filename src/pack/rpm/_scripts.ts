/**
 * The scriptlets (RPM manual, "Spec file format", Scriptlets). Each is told how many of this
 * package will be there afterwards: 1 at the first installation and 0 at the removal, and the old
 * package's scripts run after the new one's, so what is meant for the end of an upgrade belongs
 * into `%posttrans`. rpm runs all of them inside the root that it installs into.
 */
import { CONFIG_FILE, PROGRAM_FOLDER } from '../linux/layout.ts'
import {
  ENABLE_SERVICE,
  REMOVE_SEED,
  SERVICE_HEAD,
  START_SERVICE,
  STOP_LAUNCHERS,
  TAKE_OVER,
} from '../linux/service-scripts.ts'

const HEAD = `\
set -e

root=
${SERVICE_HEAD}`

/** Says that the service is to be enabled, also to the next try when this one is killed. */
const TO_ENABLE = `/${PROGRAM_FOLDER}/.to-enable`

/** Never fails: rpm would not install. */
export const PRE = `\
if [ "$1" -eq 1 ]; then
  mkdir -p /${PROGRAM_FOLDER} && true >${TO_ENABLE}
fi
exit 0
`

export const POST = `${HEAD}
${ENABLE_SERVICE}
${TAKE_OVER}
take_over
# At the first installation only: later the administrator's choice stands.
if [ "$1" -eq 1 ] || [ -e ${TO_ENABLE} ]; then
  enable_service
  rm -f ${TO_ENABLE}
fi
exit 0
`

/** When nothing of the old version is there any more. */
export const POSTTRANS = `${HEAD}
${START_SERVICE}
if systemd_runs; then
  systemctl daemon-reload || warn "systemd could not be reloaded"
  start_service
else
  not_started
fi
exit 0
`

export const PREUN = `${HEAD}
${STOP_LAUNCHERS}
if [ "$1" -eq 0 ]; then
  rm -f ${TO_ENABLE}
  if systemd_runs; then
    systemctl stop "$unit" || warn "the service could not be stopped"
    systemctl --quiet disable "$unit" || warn "the service could not be disabled"
  else
    stop_launchers
    rm -f /etc/systemd/system/*.wants/"$unit"
  fi
fi
exit 0
`

export const POSTUN = `${HEAD}
${REMOVE_SEED}
if [ "$1" -eq 0 ]; then
  remove_seed
  # State and configuration are kept for the next installation: rpm has renamed what was changed.
  config=/${CONFIG_FILE}
  if [ -e "$config.rpmsave" ] && [ ! -e "$config" ]; then mv "$config.rpmsave" "$config"; fi
  if systemd_runs; then
    systemctl daemon-reload || warn "systemd could not be reloaded"
    # A failed service would be listed for ever.
    systemctl reset-failed "$unit" >/dev/null 2>&1 || :
  fi
fi
exit 0
`
