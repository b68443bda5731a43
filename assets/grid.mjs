// A grid of any length of which only what is seen exists: cells are used again, data comes a page at a time, and what
// was seen long ago is let go of. Ordinals count from 1, as in the answers of the server.

import { make } from "./dom.mjs";

const PAGE = 60;
const KEPT_PAGES = 24;
const GAP_PX = 10;
const ROWS_AHEAD = 1;
const PAGES_AHEAD = 0.5; // so that most cells are filled when they come into sight
export const SETTLED_MS = 80; // from when something new is in sight until it is asked for
const FAST = 0.15; // of what is in sight: more goes past in that time than anybody sees
const TALLEST_PX = 8_000_000; // browsers draw nothing below some ten million

export class Grid {
  #pages = new Map(); // number -> {items} or {coming}; the last used last
  #cells = new Map(); // ordinal -> element
  #spare = [];
  #total = null; // null until it is known
  #version = 0; // of the question: what answers an earlier one counts for nothing
  #missing = []; // numbers of pages that are in sight and not here
  #coming = 0; // how many are on their way
  #counting = false;
  #timer = null;
  #top = 0; // what is uppermost in sight, in CSS pixels of the whole grid
  #drawing = false;
  #columns = 1;

  /**
   * `source.page(at, most)` and `source.count()` answer with promises; `cell.size` is {width, height} in CSS pixels, the
   * width being the least; `cell.make(element)` builds an empty cell once, `cell.fill(element, item)` shows an item or
   * null in it; `told({total, error})` hears how many there are.
   */
  constructor(container, { cell, told }) {
    Object.assign(this, { container, cell, told });
    this.floor = make("div", "grid-floor", container);
    container.addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#soon()).observe(container);
    this.floor.addEventListener("keydown", (event) => this.#arrow(event));
  }

  get total() {
    return this.#total ?? 0;
  }

  /** Whether something that was asked for is still on its way. */
  get busy() {
    return this.#coming > 0 || this.#counting;
  }

  /** Show the answers of another source, from the top; without one, the same anew where one stands. */
  async show(source = null) {
    if (source) {
      this.source = source;
      this.container.scrollTop = 0;
      this.#total = null;
    }
    const version = (this.#version += 1);
    clearTimeout(this.#timer);
    [this.#timer, this.#coming, this.#counting] = [null, 0, false];
    const known = this.#pages;
    this.#pages = new Map();
    if (!source) for (const [number, { items }] of known) if (items) this.#pages.set(number, { items, old: true });
    try {
      const first = source && (await this.#load(0, version));
      if (version !== this.#version) return;
      if (!source) this.#draw();
      // A first page that is not full is all there is.
      this.#counting = true;
      const total = first && first.length < PAGE ? first.length : await this.source.count();
      if (version !== this.#version) return;
      this.#counting = false;
      this.#total = total;
      this.told({ total });
      this.#draw();
    } catch (error) {
      if (version !== this.#version) return;
      this.#counting = false;
      this.told({ error });
      this.#draw(); // what answered another question is let go of
    }
  }

  /** The items with ordinals from `first` to `last` that are here. */
  items(first = 1, last = Infinity) {
    const found = [];
    for (const { items } of this.#pages.values()) {
      for (const item of items ?? []) if (item.ordinal >= first && item.ordinal <= last) found.push(item);
    }
    return found;
  }

  /** Show again what changed in the items. */
  refresh(which = () => true) {
    for (const [ordinal, element] of this.#cells) if (which(ordinal)) this.cell.fill(element, this.#item(ordinal));
  }

  #soon() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => ((this.#drawing = false), this.#draw()));
  }

  #geometry() {
    const { width, height } = this.cell.size;
    const room = this.container.clientWidth - GAP_PX;
    this.#columns = Math.max(1, Math.floor(room / (width + GAP_PX)));
    const rows = Math.ceil(this.#length() / this.#columns);
    const row = height + GAP_PX;
    const tall = rows * row + GAP_PX;
    return { row, rows, tall, shown: Math.min(tall, TALLEST_PX), wide: room / this.#columns };
  }

  /** How many cells there are to scroll through, as far as is known. */
  #length() {
    if (this.#total !== null) return this.#total;
    return Math.max(0, ...[...this.#pages].map(([number, { items }]) => number * PAGE + (items?.length ?? 0)));
  }

  #draw() {
    if (!this.container.clientHeight) return;
    const { row, rows, tall, shown, wide } = this.#geometry();
    this.floor.style.height = `${shown}px`;
    const { scrollTop, clientHeight } = this.container;
    // In a very long grid a pixel of the scroll bar stands for more than one of the grid.
    const top = shown < tall ? (scrollTop / Math.max(1, shown - clientHeight)) * (tall - clientHeight) : scrollTop;
    this.#top = top;
    const firstRow = Math.max(0, Math.floor(top / row) - ROWS_AHEAD);
    const lastRow = Math.min(rows - 1, Math.floor((top + clientHeight) / row) + ROWS_AHEAD);
    const [first, last] = [firstRow * this.#columns + 1, Math.min(this.#length(), (lastRow + 1) * this.#columns)];
    for (const [ordinal, element] of this.#cells) if (ordinal < first || ordinal > last) this.#release(ordinal, element);
    for (let ordinal = first; ordinal <= last; ordinal += 1) {
      const element = this.#cells.get(ordinal) ?? this.#place(ordinal);
      const [line, column] = [Math.floor((ordinal - 1) / this.#columns), (ordinal - 1) % this.#columns];
      element.style.transform = `translate(${GAP_PX + column * wide}px, ${GAP_PX + line * row - top + scrollTop}px)`;
      element.style.width = `${wide - GAP_PX}px`;
    }
    this.#want(first, last);
  }

  #place(ordinal) {
    const element = this.#spare.pop() ?? this.#make();
    element.hidden = false;
    element.dataset.ordinal = ordinal;
    this.#cells.set(ordinal, element);
    this.cell.fill(element, this.#item(ordinal));
    return element;
  }

  #make() {
    const element = make("div", "grid-cell", this.floor);
    element.setAttribute("role", "listitem");
    element.style.height = `${this.cell.size.height}px`;
    this.cell.make(element);
    return element;
  }

  #release(ordinal, element) {
    this.#cells.delete(ordinal);
    element.hidden = true;
    this.cell.fill(element, null);
    this.#spare.push(element);
  }

  #item(ordinal) {
    const number = Math.floor((ordinal - 1) / PAGE);
    return this.#pages.get(number)?.items?.[ordinal - 1 - number * PAGE] ?? null;
  }

  /** Ask for the pages of what is in sight and near: whatever that is by then, and no more before they are here. */
  #want(first, last) {
    if (last < first) return;
    const ahead = PAGES_AHEAD * PAGE;
    const [from, to] = [Math.max(1, first - ahead), Math.min(this.#length(), last + ahead)].map((ordinal) => Math.floor((ordinal - 1) / PAGE));
    this.#missing = [];
    for (let number = from; number <= to; number += 1) {
      const page = this.#pages.get(number);
      if (!page || page.old) this.#missing.push(number);
      if (page) this.#pages.delete(number), this.#pages.set(number, page);
    }
    for (const number of [...this.#pages.keys()].slice(0, Math.max(0, this.#pages.size - KEPT_PAGES))) this.#pages.delete(number);
    if (this.#missing.length && !this.#coming) this.#askSoon();
  }

  #askSoon() {
    const [version, top] = [this.#version, this.#top];
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (Math.abs(this.#top - top) > FAST * this.container.clientHeight) return this.#askSoon();
      for (const number of this.#missing) this.#load(number, version).catch((error) => version === this.#version && this.told({ error }));
    }, SETTLED_MS);
  }

  async #load(number, version) {
    const page = this.#pages.get(number);
    this.#pages.set(number, { items: page?.items, coming: true });
    this.#coming += 1;
    try {
      const items = await this.source.page(number * PAGE + 1, PAGE);
      if (version !== this.#version) return items;
      this.#coming -= 1;
      this.#pages.set(number, { items });
      this.refresh((ordinal) => Math.floor((ordinal - 1) / PAGE) === number);
      this.#draw();
      return items;
    } catch (error) {
      if (version !== this.#version) throw error;
      this.#coming -= 1;
      if (page?.items) this.#pages.set(number, { items: page.items, old: true });
      else this.#pages.delete(number);
      throw error; // whoever is told of it asks again after a while
    }
  }

  /** Arrows go from cell to cell. */
  #arrow(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.#columns, ArrowDown: this.#columns }[event.key];
    const cell = event.target.closest(".grid-cell");
    if (!by || !cell || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const ordinal = Math.max(1, Math.min(this.total, Number(cell.dataset.ordinal) + by));
    this.scrollTo(ordinal);
    this.#draw();
    this.#cells.get(ordinal)?.querySelector("a, button")?.focus({ preventScroll: true });
  }

  /** Bring a cell into sight. */
  scrollTo(ordinal) {
    const { row, tall, shown } = this.#geometry();
    const { clientHeight } = this.container;
    const top = Math.floor((ordinal - 1) / this.#columns) * row;
    const factor = shown < tall ? (shown - clientHeight) / (tall - clientHeight) : 1;
    if (this.container.scrollTop > top * factor) this.container.scrollTop = top * factor;
    const lowest = (top + row + GAP_PX - clientHeight) * factor;
    if (this.container.scrollTop < lowest) this.container.scrollTop = lowest;
  }
}
