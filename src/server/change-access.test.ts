import { expect, it } from 'vitest'
import { startAssembledServer } from './testing/assembled.ts'

it('lets those who change access come one after the other, however many come at once', async () => {
  await using server = await startAssembledServer()
  const names = Array.from({ length: 24 }, (_, index) => `role ${index}`)
  const answers = await Promise.all(
    names.map((role_name) =>
      server.call('rbac/create_role', { role_name, permissions: ['endpoints.view'] }),
    ),
  )
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
})
