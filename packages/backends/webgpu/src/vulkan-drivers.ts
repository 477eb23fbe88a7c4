import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where Linux shows a GPU: to Mesa, to NVIDIA's driver, inside WSL, on Arm boards. */
const devices = ['/dev/dri', '/dev/nvidiactl', '/dev/dxg', '/dev/mali0', '/dev/kgsl-3d0']

/**
 * Whether Dawn can find an adapter here. Without a driver, or without a GPU where software is refused anyway, it would
 * find none, with lines of complaint on stderr that nobody can take back.
 */
export const canHaveAdapter = (acceptSoftware: boolean): boolean =>
  process.platform !== 'linux' || (hasDriver() && (acceptSoftware || devices.some(device => existsSync(device))))

/** Looks for drivers as Vulkan's loader does. */
function hasDriver(): boolean {
  const { env } = process
  const named = [env['VK_DRIVER_FILES'], env['VK_ICD_FILENAMES'], env['VK_ADD_DRIVER_FILES']]
  if (named.some(paths => paths?.split(delimiter).some(path => existsSync(path)))) return true
  const places = [
    env['XDG_CONFIG_HOME'] || join(homedir(), '.config'),
    ...(env['XDG_CONFIG_DIRS'] || '/etc/xdg').split(delimiter),
    ...['/etc', '/usr/local/etc', '/run/opengl-driver/share'],
    env['XDG_DATA_HOME'] || join(homedir(), '.local/share'),
    ...(env['XDG_DATA_DIRS'] || '/usr/local/share:/usr/share').split(delimiter)
  ]
  return places.some(place => holdsManifest(join(place, 'vulkan/icd.d')))
}

function holdsManifest(folder: string): boolean {
  try {
    return readdirSync(folder).some(name => name.endsWith('.json'))
  } catch {
    return false
  }
}
