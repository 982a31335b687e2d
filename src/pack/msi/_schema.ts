/**
 * The tables of a package as Windows Installer knows them ("Database Tables", in its SDK), each
 * column with what `_Validation` says of it.
 *
 * A type is written as in an .idt file: `s72` text of at most so many characters, `l` text that may
 * be translated, `i2` and `i4` numbers, `v0` a stream; a capital letter: may be null. `*` before
 * the name: part of the primary key.
 */

export type ColumnRule = {
  readonly category?: string
  readonly min?: number
  readonly max?: number
  readonly key?: readonly [table: string, column: number]
  /** All values that are allowed. */
  readonly set?: string
}

export type Column = {
  readonly name: string
  readonly isKey: boolean
  readonly isNullable: boolean
  readonly kind: 'text' | 'translatable' | 'i2' | 'i4' | 'stream'
  readonly width: number
  readonly rule: ColumnRule
}

export type Schema = { readonly name: string; readonly columns: readonly Column[] }

const IDENTIFIER: ColumnRule = { category: 'Identifier' }
const FORMATTED: ColumnRule = { category: 'Formatted' }
const TEXT: ColumnRule = { category: 'Text' }
const GUID: ColumnRule = { category: 'Guid' }
const CONDITION: ColumnRule = { category: 'Condition' }
const FILE_NAME: ColumnRule = { category: 'Filename' }
const VERSION: ColumnRule = { category: 'Version' }
const I2: ColumnRule = { min: 0, max: 32_767 }
const I4: ColumnRule = { min: 0, max: 2_147_483_647 }
const ANY_I4: ColumnRule = { min: -2_147_483_647, max: 2_147_483_647 }

function refersTo(table: string): ColumnRule {
  return { category: 'Identifier', key: [table, 1] }
}

type Columns = readonly (readonly [shape: string, rule: ColumnRule])[]

const SEQUENCE: Columns = [
  ['*Action:s72', IDENTIFIER],
  ['Condition:S255', CONDITION],
  ['Sequence:I2', { min: -4, max: 32_767 }],
]

const TABLES: Readonly<Record<string, Columns>> = {
  _Validation: [
    ['*Table:s32', IDENTIFIER],
    ['*Column:s32', IDENTIFIER],
    ['Nullable:s4', { set: 'Y;N' }],
    ['MinValue:I4', ANY_I4],
    ['MaxValue:I4', ANY_I4],
    ['KeyTable:S255', IDENTIFIER],
    ['KeyColumn:I2', { min: 1, max: 32 }],
    ['Category:S32', TEXT],
    ['Set:S255', TEXT],
    ['Description:S255', TEXT],
  ],
  AdminExecuteSequence: SEQUENCE,
  AdminUISequence: SEQUENCE,
  AdvtExecuteSequence: SEQUENCE,
  AppSearch: [
    ['*Property:s72', IDENTIFIER],
    ['*Signature_:s72', refersTo('RegLocator')],
  ],
  Component: [
    ['*Component:s72', IDENTIFIER],
    ['ComponentId:S38', GUID],
    ['Directory_:s72', refersTo('Directory')],
    ['Attributes:i2', I2],
    ['Condition:S255', CONDITION],
    ['KeyPath:S72', IDENTIFIER],
  ],
  CustomAction: [
    ['*Action:s72', IDENTIFIER],
    ['Type:i2', { min: 1, max: 32_767 }],
    ['Source:S72', { category: 'CustomSource' }],
    ['Target:S255', FORMATTED],
    ['ExtendedType:I4', I4],
  ],
  Directory: [
    ['*Directory:s72', IDENTIFIER],
    ['Directory_Parent:S72', refersTo('Directory')],
    ['DefaultDir:l255', { category: 'DefaultDir' }],
  ],
  Feature: [
    ['*Feature:s38', IDENTIFIER],
    ['Feature_Parent:S38', refersTo('Feature')],
    ['Title:L64', TEXT],
    ['Description:L255', TEXT],
    ['Display:I2', I2],
    ['Level:i2', I2],
    ['Directory_:S72', refersTo('Directory')],
    ['Attributes:i2', { set: '0;1;2;4;5;6;8;9;10;16;17;18;20;21;22;24;25;26;32;33;34;36;37;38' }],
  ],
  FeatureComponents: [
    ['*Feature_:s38', refersTo('Feature')],
    ['*Component_:s72', refersTo('Component')],
  ],
  File: [
    ['*File:s72', IDENTIFIER],
    ['Component_:s72', refersTo('Component')],
    ['FileName:l255', FILE_NAME],
    ['FileSize:i4', I4],
    ['Version:S72', VERSION],
    ['Language:S20', { category: 'Language' }],
    ['Attributes:I2', I2],
    ['Sequence:i2', { min: 1, max: 32_767 }],
  ],
  Icon: [
    ['*Name:s72', IDENTIFIER],
    ['Data:v0', { category: 'Binary' }],
  ],
  IniFile: [
    ['*IniFile:s72', IDENTIFIER],
    ['FileName:l255', FILE_NAME],
    ['DirProperty:S72', IDENTIFIER],
    ['Section:l96', FORMATTED],
    ['Key:l128', FORMATTED],
    ['Value:l255', FORMATTED],
    ['Action:i2', { set: '0;1;3' }],
    ['Component_:s72', refersTo('Component')],
  ],
  InstallExecuteSequence: SEQUENCE,
  InstallUISequence: SEQUENCE,
  LaunchCondition: [
    ['*Condition:s255', CONDITION],
    ['Description:l255', FORMATTED],
  ],
  Media: [
    ['*DiskId:i2', { min: 1, max: 32_767 }],
    ['LastSequence:i2', I2],
    ['DiskPrompt:L64', TEXT],
    ['Cabinet:S255', { category: 'Cabinet' }],
    ['VolumeLabel:S32', TEXT],
    ['Source:S72', { category: 'Property' }],
  ],
  MsiFileHash: [
    ['*File_:s72', refersTo('File')],
    ['Options:i2', { min: 0, max: 0 }],
    ['HashPart1:i4', ANY_I4],
    ['HashPart2:i4', ANY_I4],
    ['HashPart3:i4', ANY_I4],
    ['HashPart4:i4', ANY_I4],
  ],
  MsiLockPermissionsEx: [
    ['*MsiLockPermissionsEx:s72', IDENTIFIER],
    ['LockObject:s72', IDENTIFIER],
    ['Table:s32', { set: 'CreateFolder;File;Registry;ServiceInstall' }],
    ['SDDLText:s0', { category: 'FormattedSDDLText' }],
    ['Condition:S255', CONDITION],
  ],
  MsiServiceConfigFailureActions: [
    ['*MsiServiceConfigFailureActions:s72', IDENTIFIER],
    ['Name:s255', FORMATTED],
    ['Event:i4', { min: 0, max: 7 }],
    ['ResetPeriod:I4', I4],
    ['RebootMessage:L255', FORMATTED],
    ['Command:L255', FORMATTED],
    ['Actions:S0', FORMATTED],
    ['DelayActions:S0', FORMATTED],
    ['Component_:s72', refersTo('Component')],
  ],
  Property: [
    ['*Property:s72', IDENTIFIER],
    ['Value:l0', TEXT],
  ],
  RegLocator: [
    ['*Signature_:s72', IDENTIFIER],
    ['Root:i2', { min: 0, max: 3 }],
    ['Key:s255', { category: 'RegPath' }],
    ['Name:S255', FORMATTED],
    ['Type:I2', { min: 0, max: 18 }],
  ],
  Registry: [
    ['*Registry:s72', IDENTIFIER],
    ['Root:i2', { min: -1, max: 3 }],
    ['Key:l255', { category: 'RegPath' }],
    ['Name:L255', FORMATTED],
    ['Value:L0', FORMATTED],
    ['Component_:s72', refersTo('Component')],
  ],
  RemoveFile: [
    ['*FileKey:s72', IDENTIFIER],
    ['Component_:s72', refersTo('Component')],
    ['FileName:L255', { category: 'WildCardFilename' }],
    ['DirProperty:s72', IDENTIFIER],
    ['InstallMode:i2', { set: '1;2;3' }],
  ],
  ServiceControl: [
    ['*ServiceControl:s72', IDENTIFIER],
    ['Name:l255', FORMATTED],
    ['Event:i2', { min: 0, max: 187 }],
    ['Arguments:L255', FORMATTED],
    ['Wait:I2', { set: '0;1' }],
    ['Component_:s72', refersTo('Component')],
  ],
  ServiceInstall: [
    ['*ServiceInstall:s72', IDENTIFIER],
    ['Name:s255', FORMATTED],
    ['DisplayName:L255', FORMATTED],
    ['ServiceType:i4', ANY_I4],
    ['StartType:i4', { min: 0, max: 4 }],
    ['ErrorControl:i4', ANY_I4],
    ['LoadOrderGroup:S255', FORMATTED],
    ['Dependencies:S255', FORMATTED],
    ['StartName:S255', FORMATTED],
    ['Password:S255', FORMATTED],
    ['Arguments:S255', FORMATTED],
    ['Component_:s72', refersTo('Component')],
    ['Description:L255', FORMATTED],
  ],
  Upgrade: [
    ['*UpgradeCode:s38', GUID],
    ['*VersionMin:S20', TEXT],
    ['*VersionMax:S20', TEXT],
    ['*Language:S255', { category: 'Language' }],
    ['*Attributes:i4', I4],
    ['Remove:S255', FORMATTED],
    ['ActionProperty:s72', { category: 'UpperCase' }],
  ],
}

const KINDS = { s: 'text', l: 'translatable', v: 'stream' } as const

export const SCHEMAS: readonly Schema[] = Object.entries(TABLES).map(([name, columns]) => {
  return { name, columns: columns.map(([shape, rule]) => columnOf(shape, rule)) }
})

function columnOf(shape: string, rule: ColumnRule): Column {
  const [, star, name = '', letter = '', digits = ''] =
    /^(\*?)(\w+):([slivSLIV])(\d+)$/.exec(shape) ?? []
  const type = letter.toLowerCase() as 's' | 'l' | 'v' | 'i' // The expression knows no other.
  const width = Number(digits)
  const kind = type === 'i' ? (width === 2 ? 'i2' : 'i4') : KINDS[type]
  return { name, isKey: star === '*', isNullable: letter !== type, kind, width, rule }
}

export type Cell = string | number | null
export type Row = readonly Cell[]

/** What the package says of its own tables: tools that edit packages check their work by it. */
export function validationRows(schemas: readonly Schema[]): readonly Row[] {
  return schemas.flatMap(({ name, columns }) =>
    columns.map(({ name: column, isNullable, rule }): Row => {
      const { min = null, max = null, key, category = null, set = null } = rule
      const [keyTable, keyColumn] = key ?? [null, null]
      const isNullableText = isNullable ? 'Y' : 'N'
      return [name, column, isNullableText, min, max, keyTable, keyColumn, category, set, null]
    }),
  )
}
