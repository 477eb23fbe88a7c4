import { defineAsyncComponent, h } from 'vue'
import { withBase, type Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import './style.css'

const withoutScript =
  '<p class="ls-without-script">This page can be read without JavaScript. Races, recipes, the playground and the ' +
  'search run in your browser, and need it.</p>'

/** What a hash names may lie in something folded. */
function openNamed(hash: string): void {
  document.getElementById(hash.slice(1))?.closest('details')?.setAttribute('open', '')
}

/** Opens it before the page scrolls there. */
function openWhatIsNamed(): void {
  addEventListener('click', ({ target }) => openNamed((target as Element).closest?.('a')?.hash ?? ''), {
    capture: true
  })
  addEventListener('hashchange', () => openNamed(location.hash))
}

const theme: Theme = {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'layout-top': () => h('noscript', { innerHTML: withoutScript }),
      'nav-bar-title-before': () => h('img', { class: 'ls-logo', src: withBase('/favicon.svg'), alt: '' })
    }),
  enhanceApp({ app, router }): void {
    if (!import.meta.env.SSR) {
      if (import.meta.env.THREADS_BY_WORKER)
        void import('../../src/threads.ts').then(({ askForThreads }) => askForThreads(import.meta.env.BASE_URL))
      openWhatIsNamed()
      const { onAfterRouteChange } = router
      router.onAfterRouteChange = async (to): Promise<void> => {
        await onAfterRouteChange?.(to)
        openNamed(location.hash)
      }
    }
    // What the theme imports is loaded by every page, with all that other pages need of the same packages.
    app.component(
      'RaceTrack',
      defineAsyncComponent(() => import('../../src/components/race/RaceTrack.vue'))
    )
    app.component(
      'RecipeRunner',
      defineAsyncComponent(() => import('../../src/components/RecipeRunner.vue'))
    )
    app.component(
      'RecipeCards',
      defineAsyncComponent(() => import('../../src/components/run/RecipeCards.vue'))
    )
    app.component(
      'Playground',
      defineAsyncComponent(() => import('../../src/components/Playground.vue'))
    )
    app.component(
      'Benchmark',
      defineAsyncComponent(() => import('../../src/components/Benchmark.vue'))
    )
    app.component(
      'Decisions',
      defineAsyncComponent(() => import('../../src/components/Decisions.vue'))
    )
    app.component(
      'Papers',
      defineAsyncComponent(() => import('../../src/components/Papers.vue'))
    )
    app.component(
      'SideBySide',
      defineAsyncComponent(() => import('../../src/components/SideBySide.vue'))
    )
    app.component(
      'Sizes',
      defineAsyncComponent(() => import('../../src/components/Sizes.vue'))
    )
    app.component(
      'Spans',
      defineAsyncComponent(() => import('../../src/components/Spans.vue'))
    )
  }
}

export default theme
