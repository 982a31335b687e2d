import { toYaml } from '../kubernetes/yaml.ts'

/** For a place in a template that lies so many spaces deep. */
export function indentedYaml(value: unknown, spaces: number): string {
  return toYaml(value).trimEnd().replaceAll(/^/gm, ' '.repeat(spaces))
}
