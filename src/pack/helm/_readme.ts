/** What a person finds in the chart, beside the comments of values.yaml. */
import type { ClusterSpec } from '../kubernetes/cluster-spec.ts'
import { NAME } from '../kubernetes/names.ts'

export function readme({ version, namespace }: ClusterSpec): string {
  return `\
# Drydock agent ${version}

One agent on each node of a cluster, as the distribution was ordered. This chart holds secrets
(the enrolment token, and the password for pulling the image): keep it where passwords are kept.

    helm install ${NAME} THIS_FILE.tgz

Everything goes to the namespace \`${namespace}\`, which is made. To install into a namespace
that is there, name it: \`--namespace NAME --set namespace.name=NAME\`.

To keep the secrets elsewhere, make them yourself and name them: \`enrolment.existingSecret\`
(with the key \`enrolment.json\`) and \`pullSecret.existingSecret\` (of the type
\`kubernetes.io/dockerconfigjson\`).

## Rights

The agent runs as a user of its own, without capabilities, on a read-only file system, and sees
nothing of the node but one folder for its state and the machine's id. A container that ends
before it starts gives it that folder, as root with CHOWN alone. A payload that needs more gets
it by \`payload\` in values.yaml.

Its service account may get and patch its own daemon set, and list the pods of its namespace:
that is how an upgrade that was ordered is carried out. \`upgrades: false\` leaves that out.

## Upgrades

Ordered in Drydock, the daemon set gets the image of another version. \`helm upgrade\` with this
chart puts back the image that this chart names.
`
}
