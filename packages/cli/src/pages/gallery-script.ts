/** What draws a page of images in the browser: no more than that page holds, and without any network. */
export const galleryScript = `
const { images, queries, map, groups } = JSON.parse(document.getElementById('data').textContent)
const element = (tag, classes, ...children) => {
  const made = document.createElement(tag)
  if (classes) made.className = classes
  made.append(...children)
  return made
}
const shot = (image, said, like) => {
  const { name, label, thumbnail } = images[image]
  const picture = element('img')
  picture.src = thumbnail || 'data:,'
  picture.alt = name
  picture.loading = 'lazy'
  const same = like !== undefined && label !== undefined && images[like].label === label
  const made = element('figure', same ? 'shot same' : 'shot', picture)
  const inName = label !== undefined && name.startsWith(label + '/')
  for (const words of [said, inName ? undefined : label, name])
    if (words !== undefined) made.append(element('span', '', words))
  made.title = name + (label === undefined ? '' : ', ' + label)
  return made
}
const row = (which, words, near, image) => element('div', which,
  element('div', 'by', words),
  element('div', 'thumbs', ...near.map(([other, cosine]) => shot(other, cosine.toFixed(2), image))))
const shown = ({ image, network, pixels }) => element('div', 'query', shot(image),
  element('div', '', row('network', 'The network', network, image), row('pixels', 'Raw pixels', pixels, image)))

document.getElementById('queries').append(...queries.map(shown))
document.getElementById('groups').append(...groups.map(group =>
  element('div', 'thumbs all', ...group.map(image => shot(image)))))
for (const input of document.querySelectorAll('[name=by]'))
  input.addEventListener('change', () => { document.body.dataset.by = input.value })

if (map.some(({ image }) => images[image].label !== undefined)) {
  const part = which => {
    let [same, all] = [0, 0]
    for (const one of map) for (const [other] of one[which]) {
      all++
      if (images[other].label === images[one.image].label) same++
    }
    return all === 0 ? '–' : Math.round(100 * same / all) + ' %'
  }
  document.getElementById('agreement').textContent = 'Of the ' + map[0].network.length +
    ' nearest of each image on the map, ' + part('network') +
    ' are of the same class by the network, ' + part('pixels') + ' by raw pixels.'
}

const canvas = document.getElementById('map')
const hover = document.getElementById('hover')
const choice = document.getElementById('choice')
const pictures = map.map(({ image }) => {
  const picture = new Image()
  picture.onload = () => draw()
  picture.src = images[image].thumbnail || 'data:,'
  return picture
})
const xs = map.map(({ x }) => x), ys = map.map(({ y }) => y)
const range = values => [Math.min(...values), Math.max(Math.max(...values) - Math.min(...values), 1e-9)]
const [[left, width], [top_, height]] = [range(xs), range(ys)]
const view = { zoom: 1, x: .5, y: .5 }
let chosen = -1
let asked = false
const size = () => [canvas.clientWidth, canvas.clientHeight]
const room = () => Math.sqrt(canvas.clientWidth * canvas.clientHeight / map.length)
const edge = () => Math.max(12, Math.min(44, .7 * room())) * Math.min(3, Math.sqrt(view.zoom))
const place = i => {
  const [wide, high] = size()
  const pad = 24
  const x = ((xs[i] - left) / width - view.x) * view.zoom + .5
  const y = ((ys[i] - top_) / height - view.y) * view.zoom + .5
  return [pad + x * (wide - 2 * pad), pad + y * (high - 2 * pad)]
}
function draw() {
  if (asked) return
  asked = true
  requestAnimationFrame(() => {
    asked = false
    const [wide, high] = size()
    const dense = devicePixelRatio || 1
    canvas.width = wide * dense
    canvas.height = high * dense
    const pen = canvas.getContext('2d')
    pen.scale(dense, dense)
    const length = edge()
    const paint = i => {
      const [x, y] = place(i)
      if (x < -length || y < -length || x > wide + length || y > high + length || !pictures[i].naturalWidth) return
      pen.drawImage(pictures[i], x - length / 2, y - length / 2, length, length)
      if (i !== chosen) return
      pen.lineWidth = 3
      pen.strokeStyle = '#d9822b'
      pen.strokeRect(x - length / 2, y - length / 2, length, length)
    }
    for (let i = 0; i < map.length; i++) if (i !== chosen) paint(i)
    if (chosen >= 0) paint(chosen)
  })
}
const at = event => {
  const box = canvas.getBoundingClientRect()
  const [x, y] = [event.clientX - box.left, event.clientY - box.top]
  const reach = edge() / 2 + 3
  let best = -1, least = Infinity
  for (let i = 0; i < map.length; i++) {
    const [px, py] = place(i)
    const far = Math.max(Math.abs(px - x), Math.abs(py - y))
    if (far <= reach && far < least) [best, least] = [i, far]
  }
  return [best, x, y]
}
const choose = i => {
  chosen = i
  choice.value = String(i)
  document.getElementById('chosen').replaceChildren(...(i < 0 ? [] : [shown(map[i])]))
  draw()
}
const zoom = (factor, x = .5, y = .5) => {
  const next = Math.min(40, Math.max(1, view.zoom * factor))
  view.x += (x - .5) * (1 / view.zoom - 1 / next)
  view.y += (y - .5) * (1 / view.zoom - 1 / next)
  view.zoom = next
  if (next === 1) view.x = view.y = .5
  canvas.style.touchAction = next > 1 ? 'none' : 'pan-y'
  draw()
}
let drag
canvas.addEventListener('pointerdown', event => { drag = { x: event.clientX, y: event.clientY, moved: false } })
canvas.addEventListener('pointermove', event => {
  if (drag && view.zoom > 1 && event.buttons) {
    const [wide, high] = size()
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y]
    if (!drag.moved && Math.hypot(dx, dy) < 4) return
    canvas.setPointerCapture(event.pointerId)
    view.x -= dx / wide / view.zoom
    view.y -= dy / high / view.zoom
    drag = { x: event.clientX, y: event.clientY, moved: true }
    draw()
    return
  }
  const [i, x, y] = at(event)
  hover.hidden = i < 0 || event.pointerType === 'touch'
  if (hover.hidden) return
  hover.replaceChildren(shot(map[i].image))
  const [wide, high] = size()
  hover.style.left = Math.max(0, Math.min(x + 12, wide - 120)) + 'px'
  hover.style.top = Math.max(0, Math.min(y + 12, high - 150)) + 'px'
})
canvas.addEventListener('pointerleave', () => { hover.hidden = true })
canvas.addEventListener('pointerup', event => {
  if (!drag?.moved) choose(at(event)[0])
  drag = undefined
})
canvas.addEventListener('wheel', event => {
  if (!event.ctrlKey && !event.metaKey && view.zoom === 1) return
  event.preventDefault()
  const [, x, y] = at(event)
  const [wide, high] = size()
  zoom(Math.exp(-event.deltaY / 300), x / wide, y / high)
}, { passive: false })
canvas.addEventListener('keydown', ({ key }) => {
  if (key === '+' || key === '=') zoom(1.5)
  if (key === '-') zoom(1 / 1.5)
})
document.getElementById('in').addEventListener('click', () => zoom(1.5))
document.getElementById('out').addEventListener('click', () => zoom(1 / 1.5))
document.getElementById('whole').addEventListener('click', () => zoom(0))
choice.append(new Option('–', '-1'), ...map.map(({ image }, i) => new Option(images[image].name, String(i))))
choice.addEventListener('change', () => choose(Number(choice.value)))
const fit = () => {
  canvas.style.height = Math.min(canvas.clientWidth, 620) + 'px'
  draw()
}
new ResizeObserver(fit).observe(canvas)
canvas.style.touchAction = 'pan-y'
fit()
`
