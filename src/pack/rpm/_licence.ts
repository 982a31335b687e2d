export const LICENCE = `\
drydock-agent
Copyright 2026 The Drydock authors

Licensed under the Apache License, Version 2.0; you may obtain a copy of it at
https://www.apache.org/licenses/LICENSE-2.0

The folder seed/payload holds the operator's own programs, under their own licences.
`
