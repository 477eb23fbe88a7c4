import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext } from 'playwright-core'
import { serve } from '../../serve.mjs'

export interface OpenSite {
  readonly url: string
  readonly browser: Browser
  readonly context: BrowserContext
  /** What pages complained about on their console, and errors that nobody caught. */
  readonly complaints: string[]
  close(): Promise<void>
}

export interface OpenSiteOptions {
  /** Whether the host sends the headers that let pages have threads. */
  readonly isolated?: boolean | undefined
  /** Whether pages may have a service worker, which gives them threads where the host does not. */
  readonly workers?: boolean | undefined
  readonly width?: number | undefined
  readonly height?: number | undefined
  readonly dark?: boolean | undefined
  /** Whether pages may keep anything, as some private windows forbid. */
  readonly storage?: boolean | undefined
  /** More switches of Chromium. */
  readonly switches?: readonly string[] | undefined
  /** What is served, where it is not the built site. */
  readonly folder?: string | undefined
}

/** Serves the built site and opens Debian's Chromium, with WebGPU in software. */
export async function openSite({
  isolated = true,
  workers = false,
  width = 1280,
  height = 900,
  dark = false,
  storage = true,
  switches = [],
  folder
}: OpenSiteOptions = {}): Promise<OpenSite> {
  const { url, close } = await serve({ isolated, folder })
  const how = {
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--headless=new',
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
      '--enable-features=Vulkan',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--disable-quic',
      ...switches
    ]
  }
  const look = {
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    serviceWorkers: workers ? 'allow' : 'block'
  } as const
  const profile = storage ? undefined : profileWithoutStorage()
  const context =
    profile === undefined
      ? await (await chromium.launch(how)).newContext(look)
      : await chromium.launchPersistentContext(profile, { ...how, ...look })
  const browser = context.browser()!
  const complaints: string[] = []
  context.on('console', message => {
    if (message.type() === 'error') complaints.push(`${message.page()?.url()}: ${message.text()}`)
  })
  context.on('weberror', error => {
    complaints.push(`${error.page()?.url()}: ${error.error().message}`)
  })
  return {
    url,
    browser,
    context,
    complaints,
    async close() {
      await browser.close()
      // A browser writes its last words after it said that it is closed.
      if (profile !== undefined) await rm(profile, { recursive: true, force: true, maxRetries: 20 })
      await close()
    }
  }
}

/** A folder of settings for a browser; what forbids cookies forbids all storage. */
function profileWithoutStorage(): string {
  const profile = mkdtempSync(join(tmpdir(), 'lapstrake-site-'))
  mkdirSync(join(profile, 'Default'))
  writeFileSync(
    join(profile, 'Default/Preferences'),
    JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } })
  )
  return profile
}
