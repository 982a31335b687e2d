/** Whose a namespace is. */

/**
 * Namespaces that are there before us: to make one would be to label it, and its labels would be
 * about everybody's pods.
 */
const FOREIGN_NAMESPACE = /^(default|kube-.*|openshift|openshift-.*)$/

export function ownsNamespace(namespace: string): boolean {
  return !FOREIGN_NAMESPACE.test(namespace)
}
