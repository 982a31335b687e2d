import { expect, it } from 'vitest'
import { layoutFor } from '../agent/layout.ts'
import { CONFIG_FOLDER, PROGRAM_FOLDER, STATE_FOLDER } from '../pack/macos/layout.ts'

it('launcher and package mean the same places on a Mac', () => {
  const layout = layoutFor('/root', '', 'macos')
  expect(layout.program).toBe(`/root/${PROGRAM_FOLDER}`)
  expect(layout.state).toBe(`/root/${STATE_FOLDER}`)
  expect(layout.settings).toBe(`/root/${CONFIG_FOLDER}/agent.json`)
})
