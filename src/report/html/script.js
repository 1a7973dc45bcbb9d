// @ts-nocheck: it runs in the page, and the types of a browser are not those of this project.
const root = document.documentElement
const owners = JSON.parse(document.getElementById('owners').textContent)
const byAddress = new Map(owners.map(([address], id) => [address, id]))
const findings = [...document.querySelectorAll('.f')]
const diagram = document.getElementById('er')
const selection = document.getElementById('selection')
const filters = document.getElementById('filters')
root.classList.add('live')

function make(name, properties = {}, ...children) {
  const element = document.createElement(name)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

const plural = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`

// Evidence and SQL: of big schemas they are packed, and put in when a finding is opened

const bodies = await unpack(document.getElementById('packed'))

async function unpack(element) {
  if (!element) return null
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return new Response(stream).json()
}

function packedText({ id, lastElementChild: body }) {
  if (!bodies || body.hasChildNodes()) return ''
  const template = document.createElement('template')
  template.innerHTML = bodies[id.slice(1)]
  return template.content.textContent
}

function fill({ id, lastElementChild: body }) {
  if (!bodies || body.hasChildNodes()) return
  body.innerHTML = bodies[id.slice(1)]
  offerCopies(body)
}
document.addEventListener('toggle', ({ target }) => target.open && target.matches('.f') && fill(target), true)

// Names to choose from

const names = document.getElementById('names')
names?.append(...owners.map(([address]) => make('option', { value: address })))

function ownerOf(text) {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return null
  const exact = byAddress.get(text.trim())
  if (exact !== undefined) return exact
  const lower = owners.map(([address]) => address.toLowerCase())
  const at = lower.findIndex((address) => address === wanted || address.split('.').at(-1) === wanted)
  return at < 0 ? null : at
}

// Filters

const texts = new Map()
function textOf(finding) {
  if (!texts.has(finding)) {
    const rule = finding.closest('.rule').querySelector('summary').textContent
    texts.set(finding, `${rule} ${finding.textContent} ${packedText(finding)}`.toLowerCase())
  }
  return texts.get(finding)
}

const folded = new Map([...document.querySelectorAll('.rule')].map((rule) => [rule, rule.open]))

function choose() {
  const wanted = Object.fromEntries(new FormData(filters))
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean)
  const table = wanted.table.trim().toLowerCase()
  const owner = ownerOf(wanted.table)
  const isOfTable = ({ dataset }) =>
    table === '' ||
    (owner === null ? (owners[dataset.t]?.[0] ?? '').toLowerCase().includes(table) : dataset.t === String(owner))
  const any = Object.values(wanted).some((value) => value.trim() !== '')
  let shown = 0
  for (const finding of findings) {
    const { dataset } = finding
    const fits =
      (!wanted.severity || dataset.s === wanted.severity) &&
      (!wanted.when || dataset.w === wanted.when) &&
      (!wanted.state || finding.querySelector(`.g > .${wanted.state}`)) &&
      (!wanted.phase || dataset.p.split(' ').includes(wanted.phase)) &&
      (!wanted.class || finding.closest('.part').dataset.c === wanted.class) &&
      isOfTable(finding) &&
      words.every((word) => textOf(finding).includes(word))
    finding.hidden = !fits
    if (fits) shown += 1
  }
  for (const [rule, open] of folded) {
    const left = rule.querySelectorAll('.f:not([hidden])').length
    rule.hidden = left === 0
    rule.querySelector('.n').textContent = left
    rule.open = any ? left <= 30 || shown <= 300 : open
  }
  for (const part of document.querySelectorAll('.part')) {
    const left = part.querySelectorAll('.f:not([hidden])').length
    part.hidden = left === 0
    part.querySelector('small').textContent = plural(left, 'finding')
  }
  document.getElementById('shown').textContent = any
    ? `${shown} of ${plural(findings.length, 'finding')}`
    : plural(findings.length, 'finding')
}

if (filters) {
  filters.hidden = false
  filters.elements.class.append(
    ...[...document.querySelectorAll('.part')].map((part) =>
      make('option', { value: part.dataset.c, textContent: part.querySelector('h3').firstChild.textContent.trim() }),
    ),
  )
  let waiting
  filters.addEventListener('input', () => {
    clearTimeout(waiting)
    waiting = setTimeout(choose, 120)
  })
  filters.addEventListener('reset', () => setTimeout(choose))
  filters.addEventListener('submit', (event) => event.preventDefault())
  filters.addEventListener('click', ({ target }) => {
    const fold = target.dataset?.fold
    if (!fold) return
    for (const rule of folded.keys()) rule.open = fold === 'open'
    if (fold === 'close') for (const finding of findings) finding.open = false
  })
  choose()
}

// Copying

function offerCopies(element) {
  for (const block of element.querySelectorAll('pre.sql'))
    block.prepend(make('button', { type: 'button', className: 'copy', textContent: 'Copy' }))
}
offerCopies(document)

document.addEventListener('click', async ({ target }) => {
  if (!target.classList?.contains('copy')) return
  const sql = target.parentElement.querySelector('code').textContent
  target.textContent = (await copy(sql)) ? 'Copied' : 'Not copied'
  setTimeout(() => (target.textContent = 'Copy'), 2000)
})

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = make('textarea', { value: text, className: 'hide' })
    document.body.append(field)
    field.select()
    const done = document.execCommand('copy')
    field.remove()
    return done
  }
}

// A link to a finding unfolds it and what it stands in

function reveal() {
  const finding = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (!finding?.classList.contains('f')) return
  if (finding.hidden) filters?.reset()
  setTimeout(() => {
    finding.closest('.rule').open = true
    fill(finding)
    finding.open = true
    finding.scrollIntoView({ block: 'center' })
    finding.querySelector('summary').focus({ preventScroll: true })
  }, 20)
}
addEventListener('hashchange', reveal)
document.addEventListener('click', ({ target }) => {
  const link = target.closest?.('a[href^="#f"]')
  if (link?.getAttribute('href') === location.hash) reveal()
})
reveal()

// The diagram: zoom, pan, and one table with its neighbours

if (diagram) {
  const tools = document.querySelector('.tools')
  const back = tools.querySelector('[data-zoom=back]')
  const whole = diagram.querySelector('svg')
  const reduced = matchMedia('(prefers-reduced-motion: reduce)')
  let svg = whole
  const full = boxOf(whole)
  let home = { ...full }
  let view = { ...home }
  tools.hidden = false
  whole.dataset.whole = whole.getAttribute('viewBox')

  function boxOf(element) {
    const { x, y, width, height } = element.viewBox.baseVal
    return { x, y, width, height }
  }

  function show(next) {
    view = next
    svg.setAttribute('viewBox', `${next.x} ${next.y} ${next.width} ${next.height}`)
  }

  function glide(next) {
    if (reduced.matches) return show(next)
    const from = view
    const start = performance.now()
    const step = (now) => {
      const part = Math.min(1, (now - start) / 180)
      const ease = part * (2 - part)
      const between = (key) => from[key] + (next[key] - from[key]) * ease
      show({ x: between('x'), y: between('y'), width: between('width'), height: between('height') })
      if (part < 1) requestAnimationFrame(step)
    }
    requestAnimationFrame(step)
  }

  /** Zooms about a point, given as shares of the view. */
  function zoom(factor, across = 0.5, down = 0.5) {
    const width = Math.min(home.width * 2, Math.max(120, view.width * factor))
    const height = (view.height * width) / view.width
    return { x: view.x + (view.width - width) * across, y: view.y + (view.height - height) * down, width, height }
  }

  /** Units of the drawing in one pixel of the screen. */
  const scale = () => Math.max(view.width / diagram.clientWidth, view.height / diagram.clientHeight)

  /** A drawing that would be too small to read begins at its top left corner instead of as a whole. */
  function start() {
    const [wide, high] = [diagram.clientWidth, diagram.clientHeight]
    if (Math.max(full.width / wide, full.height / high) <= 1.8) return show({ ...full })
    const width = Math.min(wide * 1.15, full.width)
    show({ x: full.x, y: full.y, width: Math.max(width, wide), height: (Math.max(width, wide) * high) / wide })
  }

  tools.addEventListener('click', ({ target }) => {
    const action = target.dataset?.zoom
    if (action === 'in') glide(zoom(0.7))
    if (action === 'out') glide(zoom(1 / 0.7))
    if (action === 'fit') glide({ ...home })
    if (action === 'back') showWhole()
  })
  diagram.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      const { left, top, width, height } = diagram.getBoundingClientRect()
      show(zoom(Math.exp(event.deltaY * 0.004), (event.clientX - left) / width, (event.clientY - top) / height))
    },
    { passive: false },
  )
  diagram.tabIndex = 0
  diagram.setAttribute('role', 'application')
  diagram.setAttribute('aria-label', 'Diagram: arrow keys move it, plus and minus zoom, zero shows all')
  diagram.addEventListener('keydown', (event) => {
    const far = view.width / 8
    const moves = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }
    const move = moves[event.key]
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (move) show({ ...view, x: view.x + move[0], y: view.y + move[1] })
    else if (event.key === '+' || event.key === '=') show(zoom(0.8))
    else if (event.key === '-') show(zoom(1.25))
    else if (event.key === '0') show({ ...home })
    else if (event.key === 'Escape') unselect()
    else return
    event.preventDefault()
  })

  let drag = null
  diagram.addEventListener('pointerdown', ({ button, clientX, clientY }) => {
    if (button === 0) drag = { x: clientX, y: clientY, view, moved: false }
  })
  addEventListener('pointermove', ({ clientX, clientY }) => {
    if (!drag) return
    const [across, down] = [clientX - drag.x, clientY - drag.y]
    if (!drag.moved && Math.hypot(across, down) < 4) return
    drag.moved = true
    diagram.classList.add('drag')
    show({ ...drag.view, x: drag.view.x - across * scale(), y: drag.view.y - down * scale() })
  })
  addEventListener('pointerup', () => {
    diagram.classList.remove('drag')
    setTimeout(() => (drag = null))
  })
  diagram.addEventListener('dragstart', (event) => event.preventDefault())
  diagram.addEventListener(
    'click',
    (event) => {
      const table = event.target.closest('.tb')
      if (table || drag?.moved) event.preventDefault()
      if (drag?.moved) return
      if (table) select(Number(table.dataset.t))
      else unselect()
    },
    true,
  )
  // The browser scrolls a focused link into view by itself only in documents, not in drawings.
  diagram.addEventListener('focusin', ({ target }) => {
    const table = target.closest?.('.tb')
    if (!table?.matches(':focus-visible')) return
    const { x, y, width, height } = placeOf(table)
    const inside = x > view.x && y > view.y && x + width < view.x + view.width && y + height < view.y + view.height
    if (!inside) show({ ...view, x: x + width / 2 - view.width / 2, y: y + height / 2 - view.height / 2 })
  })

  function placeOf(table) {
    const { e: x, f: y } = table.transform.baseVal.consolidate().matrix
    return { x, y, width: table.getBBox().width, height: table.getBBox().height }
  }

  function parentsOf(id) {
    return owners[id][3]
  }

  function childrenOf(id) {
    return owners.flatMap(([, , , keys], child) =>
      keys.filter(([parent]) => parent === id).map(([, columns]) => [child, columns]),
    )
  }

  function unselect() {
    svg.classList.remove('chosen')
    for (const one of svg.querySelectorAll('.on,.by')) one.classList.remove('on', 'by')
    selection.hidden = true
  }

  function select(id) {
    unselect()
    svg.classList.add('chosen')
    const near = new Set([...parentsOf(id), ...childrenOf(id)].map(([other]) => String(other)))
    for (const table of svg.querySelectorAll('.tb')) {
      if (table.dataset.t === String(id)) table.classList.add('on')
      else if (near.has(table.dataset.t)) table.classList.add('by')
    }
    for (const link of svg.querySelectorAll('.k'))
      if (link.dataset.e.split(' ').includes(String(id))) link.classList.add('on')
    describe(id)
  }

  function describe(id) {
    const [address] = owners[id]
    const own = findings.filter(({ dataset }) => dataset.t === String(id))
    const items = own.map((finding) => {
      const severity = finding.querySelector('.s').cloneNode(true)
      const link = make('a', { href: `#${finding.id}`, textContent: finding.querySelector('.m').textContent })
      return make('li', {}, severity, ' ', link)
    })
    const filter = make('button', { type: 'button', textContent: `Show ${own.length === 1 ? 'it' : 'them'} below` })
    filter.addEventListener('click', () => {
      filters.reset()
      filters.elements.table.value = address
      setTimeout(() => {
        choose()
        document.getElementById('findings').scrollIntoView()
      }, 10)
    })
    const near = make('button', { type: 'button', textContent: 'Draw only its neighbours' })
    near.addEventListener('click', () => showNeighbours(id))
    const title = make('h3', {}, make('code', { textContent: address }), ` ${plural(own.length, 'finding')}`)
    const buttons = make('span', { className: 'buttons' }, ...(own.length > 0 ? [filter] : []), near)
    selection.replaceChildren(title, make('ul', {}, ...items), buttons)
    selection.hidden = false
  }

  /** One table between those that it references and those that reference it. */
  function showNeighbours(id) {
    const most = 60
    const unique = (list) => [...new Map(list.map((one) => [one[0], one])).values()].filter(([other]) => other !== id)
    const sides = [unique(parentsOf(id)), unique(childrenOf(id))]
    const [left, right] = sides.map((side) => side.slice(0, most))
    const width = (other) => Math.max(110, [...owners[other][0]].length * 7.4 + 64)
    const widest = (side) => Math.max(0, ...side.map(([other]) => width(other)))
    const [tall, gap, space] = [28, 16, 130]
    const middle = widest(left) + (left.length > 0 ? space : 0)
    const end = middle + width(id) + space
    const height = Math.max(1, left.length, right.length) * (tall + gap) - gap
    const top = (side, at) => (height - (side.length * (tall + gap) - gap)) / 2 + at * (tall + gap)
    const centre = top([id], 0)
    const boxes = draw('g', { class: 'boxes' })
    const links = draw('g', { class: 'links' })
    const box = (other, x, y) => boxes.append(drawTable(other, width(other), x, y))
    const link = (from, to, x1, y1, x2, y2, columns, labelAt) => {
      const bend = (x2 - x1) / 2
      const path = draw('path', {
        class: 'k ma mu',
        'data-e': `${from} ${to}`,
        d: `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`,
      })
      path.append(draw('title', {}, columns))
      links.append(
        path,
        draw('text', { class: 'lb', ...labelAt }, columns.length > 17 ? `${columns.slice(0, 16)}…` : columns),
      )
    }
    for (const [at, [other, columns]] of left.entries()) {
      const [x, y] = [widest(left), top(left, at) + tall / 2]
      box(other, x - width(other), top(left, at))
      link(other, id, x, y, middle, centre + tall / 2, columns, { x: x + 18, y: y - 5 })
    }
    box(id, middle, centre)
    for (const [at, [other, columns]] of right.entries()) {
      const y = top(right, at) + tall / 2
      link(id, other, middle + width(id), centre + tall / 2, end, y, columns, {
        x: end - 20,
        y: y - 5,
        'text-anchor': 'end',
      })
      box(other, end, top(right, at))
    }
    const more = sides.flat().length - left.length - right.length
    if (more > 0) boxes.append(draw('text', { class: 'lb', x: middle, y: height + 30 }, `${more} more are not drawn`))
    const total = right.length > 0 ? end + widest(right) : middle + width(id)
    const [pad, deep] = [30, more > 0 ? 50 : 0]
    const next = draw('svg', {
      viewBox: `${-pad} ${-pad} ${total + 2 * pad} ${height + 2 * pad + deep}`,
      role: 'group',
    })
    next.setAttribute('aria-label', `${owners[id][0]} and its neighbours`)
    next.append(whole.querySelector('defs').cloneNode(true), links, boxes)
    svg.remove()
    diagram.append(next)
    svg = next
    home = boxOf(next)
    const least = Math.max(home.width, diagram.clientWidth * 0.75)
    home = { ...home, x: home.x - (least - home.width) / 2, width: least }
    show({ ...home })
    back.hidden = false
    select(id)
  }

  function drawTable(id, width, x, y) {
    const [address, worst, count] = owners[id]
    const table = draw('a', {
      href: `#t${id}`,
      class: `tb ${worst || 'clean'}`,
      'data-t': id,
      transform: `translate(${x},${y})`,
    })
    table.append(
      draw('title', {}, `${address}: ${plural(count, 'finding')}`),
      draw('rect', { class: 'hd', width, height: 28, rx: 6 }),
      draw('rect', { class: 'bo', width, height: 28, rx: 6, 'fill-opacity': 0 }),
      draw('text', { class: 'na', x: 12, y: 19 }, address),
    )
    if (count > 0) table.append(draw('text', { class: 'nu', x: width - 12, y: 19 }, String(count)))
    return table
  }

  function showWhole() {
    svg.remove()
    diagram.append(whole)
    svg = whole
    home = { ...full }
    back.hidden = true
    unselect()
    start()
  }

  const find = document.getElementById('find')
  find.addEventListener('change', () => {
    const id = ownerOf(find.value)
    if (id === null) return
    const table = whole.isConnected ? whole.querySelector(`.tb[data-t="${id}"]`) : null
    if (!table) return showNeighbours(id)
    const { x, y, width, height } = placeOf(table)
    const [wide, high] = [diagram.clientWidth, diagram.clientHeight]
    glide({ x: x + width / 2 - wide / 2, y: y + height / 2 - high / 2, width: wide, height: high })
    select(id)
  })
  start()
}

// On paper everything is unfolded and the whole diagram is shown

let undo = []
addEventListener('beforeprint', () => {
  for (const finding of findings) fill(finding)
  for (const one of document.querySelectorAll('details:not([open])')) {
    one.open = true
    undo.push(() => (one.open = false))
  }
  const svg = diagram?.querySelector('svg[width]')
  if (!svg) return
  const view = svg.getAttribute('viewBox')
  svg.setAttribute('viewBox', svg.dataset.whole)
  undo.push(() => svg.setAttribute('viewBox', view))
})
addEventListener('afterprint', () => {
  for (const restore of undo) restore()
  undo = []
})
