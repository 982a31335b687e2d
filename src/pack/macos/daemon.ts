/**
 * The service on a Mac (launchd.plist(5)). launchd starts a daemon with an environment of its own,
 * in which `launchctl setenv` may have put something: what the runtime would obey is emptied here,
 * so that the launcher runs no code that nobody signed. `env -i`, as on Linux, would do more, and
 * macOS would then tell the administrator that a program named "env" runs in the background.
 */
import { DAEMON_FILE, LABEL, LAUNCHER_FILE, PROGRAM_FOLDER } from './layout.ts'

export const LAUNCHER_PATH = `/${PROGRAM_FOLDER}/${LAUNCHER_FILE}`
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Seconds until launchd kills a launcher that was told to stop: the agent's program may have 300 to
 * stop, as on Linux.
 */
const STOP_S = 330

/** Log shippers hold many files open; a daemon gets 256. OPEN_MAX: every Mac allows it. */
const FILES_MAX = 10_240

export const DAEMON_PLIST = `\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
  "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${DAEMON_FILE}: replaced by every package. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
    <string>${LAUNCHER_PATH}</string>
    <string>service</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>${PATH}</string>
    <key>BUN_OPTIONS</key>
    <string></string>
    <key>BUN_BE_BUN</key>
    <string></string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>5</integer>
  <key>ExitTimeOut</key>
  <integer>${STOP_S}</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>ProcessType</key>
  <string>Standard</string>
  <key>SoftResourceLimits</key>
  <dict>
    <key>NumberOfFiles</key>
    <integer>${FILES_MAX}</integer>
  </dict>
</dict>
</plist>
`
