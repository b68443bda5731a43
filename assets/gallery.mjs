// The gallery: the whole batch as cards, or every box of a label as a crop. What is asked stands in the address; what
// becomes of the chosen ones is in changes.mjs.

import { Changes, cropKey, plural } from "./changes.mjs";
import { drawBoxes, fillCell, makeCell, outline, sayWhy } from "./cells.mjs";
import { setText } from "./dom.mjs";
import { Grid } from "./grid.mjs";
import { Lanes } from "./pictures.mjs";

const CARD = { width: 165, height: 176 };
const CROP = { width: 132, height: 174 };
const MOST_CHOSEN = 10_000;
const IDS_AT_ONCE = 500;
const PICTURES_AT_ONCE = 4;
const RETRY_MS = 3000;
const CHARTED_MS = 300; // after the last change of what is asked
const RENEWED_MS = 10_000;
const WIDE_PX = 900;
const byId = (id) => document.getElementById(id);

export class Gallery {
  isOpen = false;
  asked = { query: "", order: "position", view: "images", label: "", wallOrder: "position" };
  #chosen = new Map(); // key -> item
  #lanes = new Lanes(PICTURES_AT_ONCE);
  #anchor = null; // the ordinal that a range begins at
  #retry = null;
  #charting = null;
  #renewed = Date.now();
  #shown = ""; // what was asked for, and by whom, when the grid was filled
  changes = new Changes(this);

  /** `page` is the one of main.mjs; `setProps(id, props)` writes to components. */
  constructor(page, setProps) {
    Object.assign(this, { page, setProps });
    byId("gallery").classList.toggle("charts-away", innerWidth < WIDE_PX); // there they would cover the pictures
    const told = (view) => (what) => this.asked.view === view && this.#told(what);
    const cell = (size, fill) => ({ size, make: makeCell, fill });
    this.grids = {
      images: new Grid(byId("gallery-images"), { told: told("images"), cell: cell(CARD, (e, item) => this.#fillCard(e, item)) }),
      boxes: new Grid(byId("gallery-boxes"), { told: told("boxes"), cell: cell(CROP, (e, item) => this.#fillCrop(e, item)) }),
    };
    byId("gallery").addEventListener("click", (event) => this.#clicked(event));
    addEventListener("keydown", (event) => this.isOpen && !event.target.closest?.(".modal") && this.#key(event));
    addEventListener("pointerdown", (event) => event.target.closest?.(".query-help") || this.#closeHelp(), true);
  }

  get grid() {
    return this.grids[this.asked.view];
  }

  /** What the address asks for. */
  static askedBy(address) {
    const given = (name, otherwise) => address.get(name) ?? otherwise;
    const view = given("view", "images") === "boxes" ? "boxes" : "images";
    const [order, wallOrder] = [given("order", "position"), given("wall-order", "position")];
    return { query: given("query", ""), order, view, label: given("label", ""), wallOrder };
  }

  /** Show the gallery in the place of the picture, or go back to it. */
  async open(asked = this.asked) {
    const { page } = this;
    page.view.commitCell();
    this.isOpen = true;
    document.documentElement.dataset.page = "gallery";
    byId("gallery").hidden = false;
    page.view.galleryOpen(true);
    if (!this.#shown.startsWith(this.#who())) this.#forget(); // what was chosen is another annotator's
    await page.session.openAcross();
    if (!this.isOpen) return;
    const labels = page.session.labels.map(({ name }) => name);
    const label = labels.includes(asked.label) ? asked.label : labels[0];
    this.asked = { ...asked, label, order: offered("gallery-order", asked.order), wallOrder: offered("gallery-wall-order", asked.wallOrder) };
    const again = this.question() === this.#shown;
    const { query, order, wallOrder } = this.asked;
    const fields = { query, order, label, "wall-order": wallOrder };
    for (const [name, value] of Object.entries(fields)) this.setProps(`gallery-${name}`, { value });
    if (again) this.#showAgain();
    else this.show();
  }

  /** As it was left, at the image one comes from. */
  #showAgain() {
    this.#remember();
    this.grid.show();
    const { batch, session } = this.page;
    const isWalked = batch?.filter.query === this.asked.query && batch.filter.order === this.asked.order;
    if (this.asked.view === "images" && isWalked && batch.entry?.id === session.image && batch.entry.ordinal) this.grid.scrollTo(batch.entry.ordinal);
    this.chart();
  }

  close() {
    this.isOpen = false;
    clearTimeout(this.#retry);
    delete document.documentElement.dataset.page;
    byId("gallery").hidden = true;
    this.page.view.galleryOpen(false);
  }

  /** Ask anew for some of what is asked. */
  ask(changes) {
    const asked = { ...this.asked, ...changes };
    if (!this.isOpen || JSON.stringify(asked) === JSON.stringify(this.asked)) return;
    this.asked = asked;
    this.show();
  }

  show() {
    const { view } = this.asked;
    this.#shown = this.question();
    this.#forget();
    setText(byId("gallery-total"), "…");
    for (const [name, other] of [["images", "boxes"], ["boxes", "images"]]) {
      byId(`gallery-${name}`).hidden = view !== name;
      byId(`gallery-show-${name}`).setAttribute("aria-pressed", String(view === name));
      for (const element of document.querySelectorAll(`.only-${name}`)) element.hidden = view === other;
    } // prettier-ignore
    this.#remember();
    this.grid.show(this.#source());
  }

  #who() {
    return `${JSON.stringify(this.page.session.annotator)} `;
  }

  /** What is asked, and by whom: as long as it is the same, so are the cards and who may change them. */
  question() {
    return this.#who() + JSON.stringify(this.asked);
  }

  #forget() {
    this.changes.forget();
    this.choose([]);
  }

  /** Ask again for what is in sight. */
  reload() {
    if (!this.isOpen) return;
    this.choose([]);
    this.grid.show();
    this.chart();
  }

  /** Now and then: others work, too. */
  renew() {
    if (Date.now() - this.#renewed < RENEWED_MS || this.#chosen.size || this.grid.busy) return;
    this.#renewed = Date.now();
    this.grid.show();
  }

  turnCharts() {
    byId("gallery").classList.toggle("charts-away");
    this.chart();
  }

  #source() {
    const { server, session } = this.page;
    const { query, order, view, label, wallOrder } = this.asked;
    const question = this.question();
    const asked = { annotator: session.annotator, query, ...(view === "boxes" ? { label, order: wallOrder } : { order }) };
    const ask = (more) => (view === "boxes" ? server.crops({ ...asked, ...more }) : server.gallery({ ...asked, ...more }));
    return {
      page: async (at, most) => {
        const before = this.changes.asking();
        const answer = await ask({ at, most, counted: 0 });
        if (question === this.question()) {
          this.whose = answer.whose ?? "";
          this.changes.known(before);
        }
        return answer.cards;
      },
      count: () => ask({ most: 1 }).then((answer) => answer.total),
    };
  }

  #told({ total, error }) {
    clearTimeout(this.#retry);
    const bad = Boolean(error) && error.status === 400;
    byId("gallery-query").classList.toggle("is-invalid", bad);
    const message = byId("gallery-message");
    message.hidden = !error && total > 0;
    if (error) {
      setText(message, bad ? sentence(error.message.replace(/^query: /, "")) : `The gallery cannot be loaded: ${error.message}. Trying again …`);
      setText(byId("gallery-total"), "");
      if (!bad && this.isOpen) this.#retry = setTimeout(() => this.grid.show(this.grid.items().length ? null : this.#source()), RETRY_MS);
      return;
    }
    const thing = this.asked.view === "boxes" ? "box" : "image";
    setText(byId("gallery-total"), `${total.toLocaleString("en")} ${total === 1 ? thing : thing === "box" ? "boxes" : "images"}`);
    if (!total) setText(message, this.#nothing());
    this.page.view.say(byId("gallery-total").textContent);
    this.chart();
  }

  #nothing() {
    const { query, view, label } = this.asked;
    if (view === "boxes") return `There is no box of ${label}${query ? " on the images that match" : " yet"}.`;
    return query ? "No image matches. The question mark beside the query says what it understands." : "There is no picture in this batch yet.";
  }

  /** The charts follow once the pictures are on screen and nothing more is typed. */
  chart() {
    if (!this.isOpen || byId("gallery").classList.contains("charts-away")) return;
    const { query } = this.asked;
    const theme = document.documentElement.dataset.bsTheme;
    clearTimeout(this.#charting);
    this.#charting = setTimeout(() => {
      if (this.isOpen) this.setProps("gallery-asked", { data: { query, annotator: this.page.session.annotator, theme, at: Date.now() } });
    }, CHARTED_MS);
  }

  // ---- cells ----

  #fill(element, item, key, what) {
    const isChosen = this.#chosen.has(key);
    element.classList.toggle("cell-chosen", isChosen);
    element.querySelector(".cell-check").checked = isChosen;
    fillCell(element, this.#lanes, item, what);
  }

  #clear(element) {
    this.#fill(element, null, "", {});
    drawBoxes(element, [0, 0, 1, 1], []);
  }

  #fillCard(element, item) {
    if (!item) return this.#clear(element);
    const { annotator } = this.page.session;
    const changed = this.changes.of(item.id)?.state;
    const ownWork = item.work.find((one) => one.annotator === annotator);
    const others = item.work.filter((one) => one.annotator !== annotator);
    const own = changed ?? (this.whose && this.whose !== annotator ? "todo" : item.mine);
    const state = own === "todo" && !changed ? furthest(others) : own;
    const said = item.work.map((one) => `${one.annotator} ${one.state}, ${plural(one.boxes, "box")}`);
    const spoken = [item.id, ...(said.length ? said : ["todo"])].join("; ");
    const note = [ownWork?.boxes, ...others.map((one) => `${one.annotator} ${one.boxes || ""}`.trim())].filter(Boolean).join(" · ");
    const [address, name] = [this.#address(item.id), item.id.split("/").at(-1)];
    this.#fill(element, item, item.id, { source: item.thumbnail && item.thumbnail + this.page.looks.query(item.view), address, name, title: spoken, note, state, spoken });
    element.classList.toggle("cell-current", item.id === this.page.session.image);
    if (item.error) {
      element.classList.add("cell-broken");
      sayWhy(element, item.error);
    }
    const boxes = Object.entries(item.boxes).map(([label, corners]) => [this.page.session.colorOf(label), outline(corners)]);
    drawBoxes(element, [0, 0, item.width ?? 1, item.height ?? 1], item.width ? boxes : []);
  }

  #fillCrop(element, item) {
    if (!item) return this.#clear(element);
    const key = cropKey(item);
    const changed = this.changes.of(key);
    const own = item.annotator === this.page.session.annotator;
    const [x0, y0, x1, y1] = item.corners;
    const note = changed?.text ?? (own ? `${Math.round(x1 - x0)} × ${Math.round(y1 - y0)}` : item.annotator);
    const spoken = `${item.label} of ${item.annotator} on ${item.image}, ${Math.round(x1 - x0)} by ${Math.round(y1 - y0)} pixels`;
    const address = this.#address(item.image);
    this.#fill(element, item, key, { source: item.crop + this.page.looks.query(item.view), address, name: item.image.split("/").at(-1), title: item.image, note, state: changed ? "changed" : "", spoken });
    const [left, top, right, bottom] = item.region;
    drawBoxes(element, [left, top, right - left, bottom - top], [[this.page.session.colorOf(item.label), outline(item.corners)]]);
  }

  #address(image) {
    const { base } = this.page.config;
    const { query, order } = this.#walked();
    const parts = { image, ...(query && { query }), ...(order !== "position" && { order }) };
    return `${base}?${new URLSearchParams(parts)}`;
  }

  // ---- choosing ----

  #clicked(event) {
    const { state } = event.target.closest(".state-filter")?.dataset ?? {};
    if (state) return this.term(`state:${state.replace(" ", "-")}`, /^state:/);
    const cell = event.target.closest(".grid-cell");
    if (!cell) return;
    const [check, link] = [event.target.closest(".cell-check"), event.target.closest("a")];
    const isPlain = !event.ctrlKey && !event.metaKey;
    if (link && isPlain) event.preventDefault();
    const ordinal = Number(cell.dataset.ordinal);
    const [item] = this.grid.items(ordinal, ordinal);
    if (!item) return;
    if (event.shiftKey && this.#anchor) {
      if (link) event.preventDefault();
      this.#chooseRange(...[this.#anchor, item].sort((a, b) => a.ordinal - b.ordinal));
    } else if (check) {
      this.#anchor = item;
      this.#toggle(item);
    } else if (link && isPlain) this.#walk(item);
  }

  /** Open the image of a card; from a crop, with its box selected, and on through the images with that label. */
  #walk(item) {
    if (this.asked.view === "images") return this.page.walk(item.id, this.#walked());
    const own = item.annotator === this.page.session.annotator ? item.id : null;
    return this.page.walk(item.image, this.#walked(), own);
  }

  /** What Next and Previous go through from here. */
  #walked() {
    const { query, order, view, label } = this.asked;
    return view === "images" ? { query, order } : { query: joined(query, `label:${quoted(label)}`), order: "position" };
  }

  #closeHelp() {
    const help = document.querySelector(".query-help");
    const wasOpen = help.open;
    help.open = false;
    return wasOpen;
  }

  #key(event) {
    const cell = event.target.closest(".grid-cell");
    if (event.key === "Escape" && this.#closeHelp()) return;
    if (cell && event.key === " " && event.target.matches("a")) {
      event.preventDefault();
      cell.querySelector(".cell-check").click();
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey) && !event.target.matches("input[type=search], input[type=text]")) {
      event.preventDefault();
      this.chooseAll();
    } else if (event.key === "Escape" && this.#chosen.size && !event.defaultPrevented) {
      this.choose([]);
    } else if (event.key === "Delete" && this.asked.view === "boxes" && this.#chosen.size && !event.target.matches("input:not([type=checkbox]), select, textarea")) {
      this.changes.deleteBoxes();
    }
  }

  #keyOf(item) {
    return this.asked.view === "boxes" ? cropKey(item) : item.id;
  }

  chosen() {
    return [...this.#chosen.values()];
  }

  #toggle(item) {
    const key = this.#keyOf(item);
    if (!this.#chosen.delete(key)) this.#chosen.set(key, item);
    this.#chosenChanged();
  }

  /** Choose these and no others. */
  choose(items) {
    this.#chosen = new Map(items.map((item) => [this.#keyOf(item), item]));
    if (!items.length) this.#anchor = null;
    this.#chosenChanged();
  }

  /** Choose all from one card to another; where the list has changed since they were shown, nothing is. */
  async #chooseRange(first, last) {
    const { view } = this.page;
    const asked = this.question();
    const upTo = Math.min(last.ordinal, first.ordinal + MOST_CHOSEN - 1);
    if (upTo < last.ordinal) view.warn(`The first ${MOST_CHOSEN.toLocaleString("en")} are chosen: no more at once.`, "info");
    let found = this.grid.items(first.ordinal, upTo);
    if (found.length < upTo - first.ordinal + 1) {
      try {
        found = await this.#itemsFrom(first.ordinal, upTo);
      } catch (error) {
        return view.warn(`They cannot be chosen: ${error.message}.`);
      }
      if (asked !== this.question() || !this.isOpen) return;
    }
    const isSame = (a, b) => a && b && this.#keyOf(a) === this.#keyOf(b);
    if (!isSame(found[0], first) || (upTo === last.ordinal && !isSame(found.at(-1), last))) {
      this.reload();
      return view.warn("The list has changed meanwhile: look again, and choose.");
    }
    this.choose(found);
  }

  async #itemsFrom(first, last) {
    const { server, session } = this.page;
    const { query, order, view, label, wallOrder } = this.asked;
    const found = [];
    for (let at = first; at <= last; at += IDS_AT_ONCE) {
      const question = { annotator: session.annotator, query, at, most: Math.min(IDS_AT_ONCE, last - at + 1) };
      const answer = await (view === "boxes" ? server.crops({ ...question, label, order: wallOrder, counted: 0 }) : server.galleryIds({ ...question, order }));
      found.push(...(answer.cards ?? answer));
    }
    return found;
  }

  async chooseAll() {
    const { total } = this.grid;
    if (!total) return;
    try {
      const asked = this.question();
      const found = await this.#itemsFrom(1, Math.min(total, MOST_CHOSEN));
      if (asked === this.question() && this.isOpen) this.choose(found);
      if (total > MOST_CHOSEN) this.page.view.warn(`The first ${MOST_CHOSEN.toLocaleString("en")} are chosen: no more at once.`, "info");
    } catch (error) {
      this.page.view.warn(`They cannot be chosen: ${error.message}.`);
    }
  }

  #chosenChanged() {
    const count = this.#chosen.size;
    byId("gallery-actions").hidden = count === 0;
    setText(byId("gallery-count"), `${count.toLocaleString("en")} chosen`);
    this.grid.refresh();
  }

  #remember() {
    const { query, order, view, label, wallOrder } = this.asked;
    const told = (name) => (name === "position" ? "" : name);
    const parts = { query, order: told(order), "wall-order": told(wallOrder), ...(view === "boxes" && { view, label }) };
    const { nameInAddress, session } = this.page;
    const address = new URLSearchParams(Object.entries({ ...parts, annotator: nameInAddress ? session.annotator : "" }).filter(([, value]) => value));
    history.replaceState(null, "", `${this.page.config.base}gallery${address.size ? `?${address}` : ""}`);
    document.title = "Gallery · Dash Annotator";
  }

  // ---- the charts ask, too ----

  /** Add terms to the query, or take them out if they are there; those that fit `replaced` make room. */
  term(text, replaced = null) {
    const added = termsOf(text);
    const there = termsOf(this.asked.query);
    const isThere = added.every((one) => there.includes(one));
    const isSimple = !/[()]|(^|\s)or(\s|$)/i.test(this.asked.query);
    const kept = there.filter((one) => !added.includes(one) && !(isSimple && replaced?.test(one)));
    const query = isThere ? kept.join(" ") : joined(isSimple ? kept.join(" ") : this.asked.query, text);
    this.setProps("gallery-query", { value: query });
    this.ask({ query });
  }
}

const termsOf = (text) => text.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];

/** Both queries at once. */
const joined = (query, term) => (/(^|\s)or(\s|$)/i.test(query) ? `(${query}) ${term}` : [query, term].filter(Boolean).join(" "));

/** An order that a menu offers: addresses are typed and kept, too. */
const offered = (id, order) => ([...byId(id).options].some(({ value }) => value === order) ? order : "position");

/** A value as it must stand in a query. */
export const quoted = (value) => (/[\s()"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** How far the one who is furthest is. */
function furthest(work) {
  const states = work.map((one) => one.state);
  return ["done", "in progress", "skipped"].find((state) => states.includes(state)) ?? "todo";
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
