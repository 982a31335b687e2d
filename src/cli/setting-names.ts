import { SETTING_CALLS, type SettingName } from '../contract/public/configurations.ts'
import { suggestion } from './nearest.ts'

/** As the API names them. */
export const SETTING_NAMES = Object.keys(SETTING_CALLS) as readonly SettingName[] // Its own keys.

/** For `--help`. */
export const SETTING_NOTES = ['The settings:', ...SETTING_NAMES.map((name) => `  ${name}`)]

export function isSettingName(text: string): text is SettingName {
  return Object.hasOwn(SETTING_CALLS, text)
}

export function unknownSetting(text: string): string {
  return `There is no setting "${text}".${suggestion(text, SETTING_NAMES)}`
}

/** A hyphen where there is nothing; what has parts as JSON, which `config set` takes back. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '-'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
