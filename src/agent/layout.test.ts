import { describe, expect, it } from 'vitest'
import { layoutFor } from './layout.ts'

describe('where the agent lies', () => {
  it('on Linux', () => {
    expect(layoutFor('', '/opt/drydock-agent/drydock-agent', 'linux')).toMatchObject({
      program: '/opt/drydock-agent',
      enrolment: '/opt/drydock-agent/enrolment.json',
      state: '/var/lib/drydock-agent',
      settings: '/etc/drydock-agent/agent.json',
    })
  })

  it('on Windows, where only the first of them is readable by everybody', () => {
    const executable = 'C:/Program Files/Drydock Agent/drydock-agent.exe'
    expect(layoutFor('', executable, 'windows')).toMatchObject({
      program: 'C:/Program Files/Drydock Agent',
      enrolment: 'C:/Program Files/Drydock Agent/enrolment.json',
      state: 'C:/ProgramData/Drydock Agent',
      settings: 'C:/ProgramData/Drydock Agent/config/agent.json',
      log: 'C:/ProgramData/Drydock Agent/agent.log',
    })
  })

  it('below a root everything is below it', () => {
    for (const platform of ['linux', 'macos', 'windows'] as const) {
      const layout = layoutFor('/srv/one', '/elsewhere/drydock-agent', platform)
      for (const path of Object.values(layout)) expect(path).toMatch(/^\/srv\/one(?:\/|$)/)
    }
  })
})
