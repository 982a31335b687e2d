/**
 * The third part of the installer: what changes the machine.
 *
 * Everything is unpacked and verified in `.installing` inside the program folder, on the same file
 * system, and gets its final name by a rename. Launcher, enrolment and the rest are replaced whole;
 * only `seed` is gone between two renames, and an installed agent runs from its state folder and
 * does not need it. The launcher goes first, because a new seed may want a new launcher and never
 * the other way. A kill at any moment leaves each file old or new, and another run repairs.
 */
import { COMMAND_LINK, LAUNCHER_FILE, PROGRAM_FOLDER, UNIT_FILE } from '../linux/layout.ts'
import { HOLD_FOLDER } from '../self-extracting/shell.ts'
import { UNINSTALLER_FILE } from './_uninstaller.ts'

export const PLACING_PART = `
install_agent() {
  check_machine
  find_target
  check_target
  plan_config
  check_space
  take_lock
  unpack "$work"
  # What the power takes must not be what a rename has already named.
  sync
  trap '' HUP INT TERM
  placing=yes
  place_program
  place_config
  place_link
  place_service
  [ "$below_root" = yes ] || enable_service
  placing=no
  trap 'exit 1' HUP INT TERM
  trap - EXIT
  rm -rf "$work"
  say "version $version is installed in $target"
  [ "$below_root" = yes ] || start_service
}

${HOLD_FOLDER}
take_lock() {
  work=$target/.installing
  is_new=no
  [ -e "$target/installed-by" ] || is_new=yes
  mkdir -p "$target" || fail "$target cannot be made"
  [ ! -e "$work/is-new" ] || is_new=yes
  hold_folder installation
  placing=no
  trap clean_up EXIT
  trap 'exit 1' HUP INT TERM
  say_holder
  # A first run that was killed may have left a service that nobody has enabled yet.
  [ "$is_new" = no ] || : >"$work/is-new"
}

# After a failure.
clean_up() {
  keep_seed
  rm -rf "$work/program" "$work/service"
  if [ "$is_new" = no ] || [ ! -e "$target/installed-by" ]; then
    # Nothing is left to say to the next run.
    [ "$placing" = yes ] || rm -rf "$work"
    # Only a folder that this run made is empty.
    rmdir "$target" 2>/dev/null || :
  fi
  [ "$placing" = no ] || fail "the installation broke off: see above, then run this installer again"
}

# Writes the file $2 from the template $1, with the real program folder in it and the mode $3.
fill_in() {
  sed "s|/${PROGRAM_FOLDER}|$program|g" "$1" >"$2.new" && chmod "$3" "$2.new" && mv -f "$2.new" "$2"
}

place_program() {
  chmod 755 "$target"
  new=$work/program
  mv -f "$new/${LAUNCHER_FILE}" "$target/${LAUNCHER_FILE}"
  mv -f "$new/enrolment.json" "$target/enrolment.json"
  if [ -e "$target/seed" ]; then mv "$target/seed" "$work/old-seed"; fi
  mv "$new/seed" "$target/seed"
  fill_in "$work/service/${UNINSTALLER_FILE}" "$work/${UNINSTALLER_FILE}" 755
  mv -f "$work/${UNINSTALLER_FILE}" "$target/${UNINSTALLER_FILE}"
  mv -f "$new/installed-by" "$target/installed-by"
}

place_config() {
  [ -n "$config_text" ] || return 0
  mkdir -p "$(dirname "$config")"
  if [ "\${config_is_foreign:-no}" = yes ]; then
    cp -p "$config" "$config.old"
    say "the former $config is kept as $config.old"
  fi
  printf '%s\\n' "$config_text" >"$config.new"
  chmod 644 "$config.new"
  mv -f "$config.new" "$config"
}

place_link() {
  link=$root/${COMMAND_LINK}
  if [ -e "$link" ] && [ ! -L "$link" ]; then
    say "$link is no link of ours and stays"
    return 0
  fi
  # Best effort: on some machines /usr is read-only, and the agent does not need the link.
  { mkdir -p "$(dirname "$link")" && ln -sfn "$program/${LAUNCHER_FILE}" "$link"; } 2>/dev/null ||
    say "$link could not be made"
}

# Sets service to the manager's name.
place_service() {
  if [ "$below_root" = yes ] || { [ -d /run/systemd/system ] && has systemctl; }; then
    service=systemd
    place_unit "$root/${UNIT_FILE}" ||
      place_unit "$root/etc/systemd/system/drydock-agent.service" ||
      fail "the unit of systemd could not be written"
  else
    service=init
    init=/etc/init.d/drydock-agent
    mkdir -p /etc/init.d
    if [ -x /sbin/openrc-run ]; then
      service=openrc
      sed '1s|.*|#!/sbin/openrc-run|' "$work/service/init" >"$work/service/openrc"
      mv -f "$work/service/openrc" "$work/service/init"
    fi
    fill_in "$work/service/init" "$init" 755
  fi
  if [ "$below_root" = no ] && has restorecon; then
    # Best effort: without the right labels SELinux would refuse what was moved here.
    restorecon -RF "$target" "\${unit:-$init}" "$(dirname "$config")" >/dev/null 2>&1 || :
  fi
}

place_unit() {
  unit=$1
  { mkdir -p "$(dirname "$unit")" && fill_in "$work/service/unit" "$unit" 644; } 2>/dev/null
}

# At the first installation only: a service that the administrator has disabled since stays so.
enable_service() {
  enabled=yes
  if [ "$service" = systemd ]; then
    systemctl daemon-reload || enabled=no
    [ "$is_new" = no ] || systemctl --quiet enable drydock-agent.service || enabled=no
  elif [ "$is_new" = yes ]; then
    register_init || enabled=no
  fi
}

register_init() {
  if has rc-update; then
    rc-update add drydock-agent default
  elif has update-rc.d; then
    update-rc.d drydock-agent defaults
  elif has chkconfig; then
    chkconfig --add drydock-agent
  else
    say "nothing here starts services at boot: have $init start called then"
  fi
}

start_service() {
  started=yes
  if [ "$start" = yes ]; then
    case $service in
      systemd) restart_unit || started=no ;;
      openrc) rc-service drydock-agent restart || started=no ;;
      init) "$init" restart || started=no ;;
    esac
  fi
  [ "$started" = yes ] || fail "the agent is installed, but its service did not start" 3
  [ "$enabled" = yes ] || fail "the agent is installed, but its service could not be enabled" 3
}

restart_unit() {
  if systemctl --quiet is-enabled drydock-agent.service 2>/dev/null; then
    systemctl restart drydock-agent.service
  else
    systemctl try-restart drydock-agent.service
  fi
}

main() {
  read_options "$@"
  case $action in
    help) show_help ;;
    version) printf '%s\\n' "$version" ;;
    *)
      find_self
      case $action in
        list) archive | tar -tzf - ;;
        check) check_archive ;;
        install) install_agent ;;
      esac
      ;;
  esac
}

main "$@"; exit $?
`
