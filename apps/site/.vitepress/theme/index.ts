import { defineAsyncComponent, h } from 'vue'
import { withBase, type Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import RaceTrack from '../../src/components/race/RaceTrack.vue'
import './style.css'

const theme: Theme = {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'nav-bar-title-before': () => h('img', { class: 'ls-logo', src: withBase('/favicon.svg'), alt: '' })
    }),
  enhanceApp({ app }): void {
    app.component('RaceTrack', RaceTrack)
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
