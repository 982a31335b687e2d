import { accept } from '../../base/result.ts'
import { defineApiCommand } from '../command.ts'
import { EXIT, refuseUsage } from '../outcome.ts'
import { fieldLines } from '../print.ts'
import {
  isSettingName,
  SETTING_NAMES,
  SETTING_NOTES,
  unknownSetting,
  valueText,
} from '../setting-names.ts'

export const configGet = defineApiCommand({
  name: 'config get',
  summary: 'Show the settings of the instance',
  notes: SETTING_NOTES,
  operands: [{ name: 'NAME', help: 'only this one', count: 'optional' }],
  options: {},
  async run({ client }, _values, [name]) {
    if (name !== undefined && !isSettingName(name)) return refuseUsage(unknownSetting(name))
    const names = name === undefined ? SETTING_NAMES : [name]
    const settings = await Promise.all(
      names.map(async (each) => [each, await client.configurations[each].get()] as const),
    )
    const lines = settings.flatMap(([each, setting], index) => {
      const fields = Object.entries(setting).map(([field, value]) => {
        return [field, valueText(value)] as const
      })
      const title = name === undefined ? [...(index === 0 ? [] : ['']), each] : []
      return [...title, ...fieldLines(fields)]
    })
    const [first] = settings
    const json = name === undefined ? Object.fromEntries(settings) : first?.[1]
    return accept({ exitCode: EXIT.done, lines, json })
  },
})
