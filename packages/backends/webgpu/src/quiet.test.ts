import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const asked = (env: NodeJS.ProcessEnv): string => {
  const script = `import { registerWebGPU } from '@lapstrake/backend-webgpu'
    await registerWebGPU({ acceptSoftware: true }).catch(error => process.stderr.write(error.message))
    process.exit(0)`
  const given = ['--conditions=@lapstrake/source', '--import', 'tsx', '--input-type=module', '--eval', script]
  return spawnSync(process.execPath, given, { cwd: import.meta.dirname, encoding: 'utf8', env }).stderr
}

// As on a machine that has none: Vulkan looks for drivers where these say.
test.skipIf(process.platform !== 'linux')('without a driver nothing is said but our own sentence', () => {
  const { VK_ICD_FILENAMES: _, VK_DRIVER_FILES: __, ...env } = process.env
  const nowhere = { XDG_DATA_DIRS: '/nowhere', XDG_CONFIG_DIRS: '/nowhere', HOME: '/nowhere' }
  expect(asked({ ...env, ...nowhere })).not.toMatch(/vkCreateInstance|drivers|\n/)
})
