import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSite, type OpenSite } from '../testing/open-site.ts'

let site: OpenSite
beforeAll(async () => { site = await openSite() })
afterAll(() => site.close())

test('a recipe runs in its page', async () => {
  const page = await site.context.newPage()
  await page.goto(`${site.url}/recipes/03-loco`)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('unit0').waitFor()
  expect(site.complaints).toEqual([])
})
