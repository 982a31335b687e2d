import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { fieldLines } from '../print.ts'
import { isSettingName, SETTING_NOTES, unknownSetting, valueText } from '../setting-names.ts'

export const configSet = defineApiCommand({
  name: 'config set',
  summary: 'Change a setting of the instance',
  notes: [
    ...SETTING_NOTES,
    'Fields that are not named stay as they are. For all servers of the instance, within seconds.',
    'A value that begins with [ or { is JSON: canary={"count":5}. What the word none clears, the',
    'settings say.',
  ],
  operands: [
    { name: 'NAME', help: 'the setting', count: 'one' },
    { name: 'FIELD=VALUE', help: 'what becomes of which field', count: 'many' },
  ],
  options: {},
  async run({ client }, _values, [name = '', ...assignments]) {
    if (!isSettingName(name)) return refuseUsage(unknownSetting(name))
    const fields: Record<string, unknown> = {}
    for (const text of assignments) {
      const [, field, value] = /^([^=]+)=(.+)$/.exec(text) ?? []
      if (field === undefined || value === undefined) {
        return refuseUsage(`"${text}" is not FIELD=VALUE, such as amount_of_parallel_upgrades=10.`)
      }
      if (Object.hasOwn(fields, field)) return refuseUsage(`${field} is given twice.`)
      const typed = typedValue(value)
      if (typed === undefined) return refuseUsage(`${field}: "${value}" is not JSON.`)
      fields[field] = typed
    }
    // What each field may be, the server knows, and says by name.
    const setting = client.configurations[name] as { set(data: object): Promise<true> }
    await setting.set(fields)
    const present = await client.configurations[name].get()
    const shown = Object.entries(present).map(
      ([field, value]) => [field, valueText(value)] as const,
    )
    return accept({ exitCode: EXIT.done, lines: fieldLines(shown), json: present })
  },
})

/** Undefined: it begins as JSON, and is none. */
function typedValue(text: string): unknown {
  if (/^[[{]/.test(text)) return parsedJson(text)
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Best effort: whoever typed it is told, by the field's name.
    return undefined
  }
}
