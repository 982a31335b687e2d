/**
 * The service on machines with systemd. The agent runs the operator's program as root, and such
 * programs look at and change the whole machine: osquery, Fluent Bit, an OpenTelemetry collector,
 * sensors of one's own. So the unit takes away what none of them needs and leaves the rest, and
 * says of each why. An administrator who wants it tighter (or looser) writes a drop-in: `systemctl
 * edit drydock-agent`.
 */
import { LAUNCHER_FILE, PROGRAM_FOLDER } from './layout.ts'

/** What the launcher is started with, and nothing else of the caller's environment. */
export const CLEAN_ENVIRONMENT =
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8'

export const LAUNCHER_PATH = `/${PROGRAM_FOLDER}/${LAUNCHER_FILE}`

export const SYSTEMD_UNIT = `\
# Drydock agent. Replaced by every package: change it with "systemctl edit drydock-agent".

[Unit]
Description=Drydock agent
Documentation=man:systemd.service(5)
# Not network-online.target: the agent waits for its server by itself, and its program must also run
# offline.
After=network.target
# However often it ends, it is started again.
StartLimitIntervalSec=0

[Service]
Type=simple
# A clean environment: BUN_OPTIONS and BUN_BE_BUN would make the launcher run code that nobody
# signed.
ExecStart=/usr/bin/env -i ${CLEAN_ENVIRONMENT} ${LAUNCHER_PATH} run
Restart=always
RestartSec=5
# SIGTERM goes to the launcher, which stops the agent and its program in order; what is left after
# the time gets SIGKILL. A program may have 300 s to stop.
KillMode=mixed
TimeoutStopSec=330
# A program that the kernel kills for memory is the agent's to restart, and no reason to stop the
# agent.
OOMPolicy=continue
UMask=0077
StateDirectory=drydock-agent
StateDirectoryMode=0700
# Log shippers hold many files open.
LimitNOFILE=65536

# Taken away, because none of the programs above needs it. A program that installs packages on the
# machine does: give it RestrictSUIDSGID=no in a drop-in.
CapabilityBoundingSet=~CAP_SYS_BOOT CAP_SYS_TTY_CONFIG CAP_MAC_ADMIN CAP_WAKE_ALARM
SystemCallArchitectures=native
SystemCallFilter=~@obsolete @swap @reboot @cpu-emulation
SystemCallErrorNumber=EPERM
# Families of old networks: the kernel would load their modules on demand.
RestrictAddressFamilies=~AF_AX25 AF_IPX AF_APPLETALK AF_NETROM AF_ROSE AF_X25 AF_ATMPVC AF_TIPC
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private

# Left out on purpose:
# - ProtectSystem, ProtectHome, PrivateTmp, PrivateDevices, ProtectControlGroups, ReadOnlyPaths:
#   each gives the service mounts of its own. Then osquery reports those mounts for the machine's,
#   an OpenTelemetry collector measures them, and a sensor that looks for intruders does not see
#   /tmp, /home or /dev.
# - ProtectKernelTunables, ProtectKernelModules, ProtectKernelLogs: eBPF needs /sys/kernel/tracing,
#   /sys/fs/bpf and /lib/modules; Fluent Bit's kmsg input reads the kernel's log.
# - ProtectHostname: the service would not hear of a new host name and report the old one.
# - ProtectClock: it closes /dev to everything but the clock.
# - ProtectProc, PrivateUsers, PrivateNetwork, RestrictNamespaces: osquery lists all processes and
#   users and steps into the namespaces of containers.
# - MemoryDenyWriteExecute: the launcher, and LuaJIT in Fluent Bit, compile while they run.
# - NoNewPrivileges: a program's own "sudo -u nobody" would fail, and SELinux could not give it a
#   domain.

[Install]
WantedBy=multi-user.target
`
