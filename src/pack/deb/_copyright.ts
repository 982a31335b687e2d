/** Debian Policy 12.5, in the machine-readable form that its checkers read. */
export const COPYRIGHT = `\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: drydock-agent
Comment: The folder seed/payload holds the operator's own programs, under their own licences.

Files: *
Copyright: 2026 The Drydock authors
License: Apache-2.0
 On Debian systems, the full text of the Apache License version 2.0 is in the file
 /usr/share/common-licenses/Apache-2.0.
`
