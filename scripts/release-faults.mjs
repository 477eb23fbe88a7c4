import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What is not as it should be in a package as it would be published.
 *
 * @param folder what is in the archive
 * @param before versions of our packages as they are
 * @param versions of these as they would be released
 * @param asked what the changesets say
 * @param root of this repository, which no file may name
 */
export function faultsOf(folder, { before, versions, asked, root }) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
  return [
    ...versionFaults(manifest, { before, versions, asked }),
    ...['README.md', 'LICENSE'].filter(name => !files.includes(name)).map(name => `expected ${name} in it, got none.`),
    ...targetsOf(manifest)
      .filter(target => !existsSync(join(folder, target)))
      .map(target => `expected ${target}, which package.json names, got no such file. Build it.`),
    ...files.filter(isStray).map(file => `expected nothing but what runs, got ${file}.`),
    ...files
      .filter(file => isText(file) && readFileSync(join(folder, file), 'utf8').includes(root))
      .map(file => `expected no path of this machine, got one in ${file}.`),
    ...readmeFaults(
      manifest,
      existsSync(join(folder, 'README.md')) ? readFileSync(join(folder, 'README.md'), 'utf8') : ''
    )
  ]
}

function versionFaults(manifest, { before, versions, asked }) {
  const { name, version } = manifest
  const wrong = version === '0.0.0' ? ['expected a version of its own, got 0.0.0. Add a changeset.'] : []
  const major = number => Number(number.split('.')[0])
  if (major(version) > major(before.get(name)) && !asked.includes(`'${name}': major`))
    wrong.push(`expected no major version, for no changeset asks for one, got ${version}.`)
  // The versions that the templates name are among what create-lapstrake is tried with.
  const needed = {
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...(name === 'create-lapstrake' && manifest.devDependencies)
  }
  for (const [other, range] of Object.entries(needed))
    if (range !== '*' && versions.has(other) && range.replace(/^[\^~]/, '') !== versions.get(other))
      wrong.push(`expected ${other} ${versions.get(other)}, which is released with it, got ${range}.`)
  return wrong
}

/** Every file that package.json names for those who install it; sources are named for this repository alone. */
function targetsOf({ exports, imports, bin }) {
  const within = (value, condition) => {
    if (condition === '@lapstrake/source') return []
    if (typeof value === 'string') return value.startsWith('./') ? [value] : []
    return Object.entries(value ?? {}).flatMap(([key, one]) => within(one, key))
  }
  return [...within(exports), ...within(imports), ...within(bin)]
}

const isTemplate = file => /^templates[\\/]/.test(file)
const isStray = file =>
  /(^|[\\/])(src|node_modules)[\\/]|\.test\.|\.tsbuildinfo$|\.map$/.test(file) && !isTemplate(file)
const isText = file => /\.(c?js|mjs|d\.c?ts|json|md)$/.test(file)

function readmeFaults({ name, bin }, readme) {
  const wrong = readme.startsWith(`# ${name}\n`) ? [] : [`expected a README that begins with # ${name}.`]
  const installs = new RegExp(`npm install .*${name.replace('/', '\\/')}( |$)`, 'm').test(readme)
  return installs || name.startsWith('create-') ? wrong : [...wrong, `expected a README that says npm install ${name}.`]
}
