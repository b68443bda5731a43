// Showing the session: figure, table, store, palette, status and messages. Reads the model, never changes a box.

import { make, present, setAttributes, setText } from "./dom.mjs";
import { countsOf, rowsOf, Shapes } from "./projections.mjs";
import { isTiled } from "./tiles.mjs";

const NOTICE_MS = 5000;
const RETRY_MS = 2000;
const LIGHT_MIDDLE = 100;
const SAID_TOGETHER_MS = 400;
const SLACK_PX = 0.01;
const PIXELS_FROM = 1 / 5; // pixels of the picture per CSS pixel, below which each is seen as it is, with its edges
const SHARP_ENOUGH = 1.15; // screen pixels per pixel of the small picture, beyond which the full one is fetched

const byId = (id) => document.getElementById(id);
const setProps = (id, props) => window.dash_clientside.set_props(id, props);

export class View {
  #shapes = new Shapes();
  #rows = new WeakMap(); // annotation -> its rows
  #published = null; // what the store holds
  #sharpening = null;
  #saidAt = -Infinity;
  #shownWidth = 0; // of the picture on screen, which may be smaller than the one in the source

  constructor(page) {
    this.page = page;
    byId("graph").tabIndex = 0;
    byId("graph").setAttribute("role", "application");
    byId("graph").setAttribute("aria-label", "Picture. Tab selects boxes, B makes one, question mark opens the help.");
    byId("save-status").addEventListener("click", () => this.page.outbox.retryRefused());
    new ResizeObserver(() => this.#tableRoom()).observe(byId("boxes-panel"));
    for (const [name, by] of [["keydown", "keys"], ["pointerdown", "pointer"]]) {
      addEventListener(name, () => (document.documentElement.dataset.by = by), true);
    }
    this.#nameControls();
  }

  /** Names for screen readers where the components have no property for them. */
  #nameControls() {
    present("#annotation-type-dropdown").then((dropdown) => {
      dropdown.setAttribute("aria-labelledby", `label-title ${dropdown.getAttribute("aria-labelledby")}`);
    });
    present("#upload input").then((input) => input.setAttribute("aria-label", "Annotation files to import"));
    present("#annotations-table").then((table) => {
      table.addEventListener("focusin", ({ target }) => {
        const { dashColumn, dashRow } = target.closest("td")?.dataset ?? {};
        if (dashColumn && target.matches("input")) target.setAttribute("aria-label", `${dashColumn}, row ${Number(dashRow) + 1} of this page`);
      });
      table.addEventListener("pointerover", ({ target }) => {
        if (target.matches(".Select-value-label")) target.title = target.textContent;
      });
    });
  }

  // ---- boxes ----

  /** A plain copy of what the store holds for the image on screen. */
  state() {
    const { session, outbox } = this.page;
    const shown = this.#published?.images[this.#published.image];
    const none = { image: null, width: null, height: null, annotator: session.annotator, state: "todo", boxes: [] };
    return structuredClone({ ...(shown ?? none), unsaved: outbox.size });
  }

  /** The boxes changed: figure, table, store and counters say the same, in one step. */
  boxes() {
    const { session, table, batch, palette } = this.page;
    const { annotation } = session;
    if (!annotation) return;
    this.#figure();
    table.write(this.#rowsOf(annotation), session.selected);
    this.#published = session.stored();
    setProps("annotations-store", { data: this.#published });
    const counts = countsOf(annotation);
    const total = session.boxes().length;
    palette.show({ chosen: session.label, counts, hidden: session.hidden });
    setText(byId("box-count"), total ? `(${total})` : "");
    this.#enable();
    this.#labelOnButton();
    this.noteState(session.image);
    if (batch) this.place();
  }

  /** The selection changed, or a box was lifted by a drag. */
  selection() {
    const { session, table } = this.page;
    if (!session.annotation) return;
    this.#figure();
    table.write(this.#rowsOf(session.annotation), session.selected);
    this.#enable();
  }

  labelChosen() {
    const { session, palette, plot } = this.page;
    setProps("annotation-type-dropdown", { value: session.label });
    plot.setNewBoxColor(session.colorOf(session.label));
    if (session.annotation) palette.show({ chosen: session.label, counts: countsOf(session.annotation), hidden: session.hidden });
    this.page.panels.close();
    this.#labelOnButton();
    this.say(`Label ${session.label}`);
  }

  /** Where the labels are in a drawer, its button shows the chosen one. */
  #labelOnButton() {
    const { session } = this.page;
    const button = byId("labels-toggle");
    setText(button, session.label);
    button.style.setProperty("--label-color", session.colorOf(session.label));
    setAttributes(button, { "aria-label": `Labels; chosen: ${session.label}`, title: session.label });
  }

  #figure() {
    const { session, plot, overlay } = this.page;
    plot.setShapes(this.#shapesOf());
    const box = session.selectedBox();
    overlay.show("selected", box && box.id !== session.lifted ? box : null, box && session.colorOf(box.label));
  }

  #shapesOf() {
    const { session } = this.page;
    const { colors, hidden, selected, lifted } = session;
    return this.#shapes.of(session.boxes(), { colors, hidden, selected, lifted });
  }

  #rowsOf(annotation) {
    if (!this.#rows.has(annotation)) this.#rows.set(annotation, rowsOf(annotation));
    return this.#rows.get(annotation);
  }

  #enable() {
    const { session } = this.page;
    this.historyChanged();
    byId("box-tools").classList.toggle("none-selected", !session.selectedBox());
  }

  /** What undo and redo can do: in the gallery they speak of steps across images. */
  historyChanged() {
    const { session, gallery } = this.page;
    const across = Boolean(gallery?.isOpen);
    byId("undo").disabled = !session.canUndo({ across });
    byId("redo").disabled = !session.canRedo({ across });
  }

  /** The gallery took the place of the picture, or gave it back. */
  galleryOpen(isOpen) {
    setText(byId("gallery-open"), isOpen ? "Annotate" : "Gallery");
    setAttributes(byId("gallery-open"), { title: isOpen ? "Back to the picture (G)" : "All images at once (G)" });
    this.page.panels.close();
    this.historyChanged();
    if (!isOpen) byId("graph").focus({ preventScroll: true });
  }

  // ---- images ----

  /** Another image on screen: picture, boxes, ranges, table, store, names and address, in one step. */
  swap(entry, annotation, picture) {
    const { session, plot, tiles } = this.page;
    session.enter(entry.id);
    this.swappedAt = performance.now();
    this.isPassing = Boolean(picture.passing || annotation.error); // whatever keeps the picture from being shown
    this.#shapes.clear();
    tiles.clear();
    const readable = annotation.width && !picture.error;
    this.#shownWidth = picture.naturalWidth ?? 0;
    const size = annotation.width ? annotation : { width: 640, height: 480 };
    plot.show({
      image: entry.id,
      source: readable ? picture.src : null,
      picture: size,
      shapes: this.#shapesOf(),
      newBoxColor: session.colorOf(session.label),
    });
    this.page.looks.show(readable ? annotation.view : null);
    this.#outsideNote(entry.id);
    this.message(readable ? "" : annotation.error || picture.error);
    this.tableMessage("");
    this.boxes();
    byId("image-name").textContent = byId("image-name").title = entry.id;
    this.remember();
    this.say(readable ? `Image ${entry.id}, ${session.boxes().length} boxes` : `Image ${entry.id} cannot be shown`);
  }

  /** Boxes beyond the edges: the picture was exchanged for a smaller one after they were drawn. */
  #outsideNote(image) {
    const { session } = this.page;
    const { width, height } = session.annotation;
    const outside = width ? session.boxes().filter((box) => box.x1 > width + SLACK_PX || box.y1 > height + SLACK_PX).length : 0;
    if (!outside) return;
    const are = outside === 1 ? "1 box of it lies" : `${outside} boxes of it lie`;
    this.warn(`${image} is ${width} x ${height} pixels now, and ${are} outside: the picture was exchanged for a smaller one.`);
  }

  /** The image on screen stays; its boxes are another annotator's. */
  sameImage() {
    this.#shapes.clear();
    this.boxes();
    this.remember();
  }

  /** Whether somebody is told what they wait for. */
  get isSlow() {
    return !byId("picture-coming").hidden;
  }

  /** What one waits for, while the image before stays on screen; null for nothing. */
  slow(entry) {
    byId("picture-coming").hidden = !entry || !this.page.session.image;
    setText(byId("picture-coming"), entry ? `Loading ${entry.id} …` : "");
  }

  failed(entry, error) {
    const { batch } = this.page;
    if (error.status === 400 && batch && (batch.filter.query || batch.filter.order !== "position")) {
      batch.filter = { ...batch.filter, query: "", order: "position" }; // an address somebody typed
      this.warn(`All images are shown: ${error.message}.`);
    }
    for (const [id, name] of [["image-search", "search"], ["state-filter", "state"]]) {
      if (batch) setProps(id, { value: batch.filter[name] }); // which is the one before if the new one came to nothing
    } // prettier-ignore
    this.remember();
    const name = entry?.id ?? "The batch";
    if (!this.page.session.image) {
      this.message(`${name} cannot be loaded: ${error.message}. Trying again …`);
      setTimeout(() => this.page.session.image || this.page.open(entry?.id ?? ""), RETRY_MS);
    } else this.warn(`${name} cannot be loaded: ${error.message}. Your edits are kept; try again.`);
    this.place();
  }

  /** The state of an image, on screen or not: list and counters. */
  noteState(image) {
    const { session, batch } = this.page;
    const known = session.stateOf(image);
    if (!known || !batch) return;
    batch.note(image, known.state, known.boxes);
    if (image === session.image) this.#stateBadge(known);
  }

  #stateBadge({ state, boxes }) {
    const badge = byId("image-state");
    setText(badge, state === "done" && boxes === 0 ? "verified empty" : state);
    setAttributes(badge, { "data-state": state });
  }

  /** What is to be known of the source, until somebody has read it or it is something else. */
  #sourceNote({ problem, gone }) {
    const { memory } = this.page;
    const text = [problem && `Not all pictures can be listed. ${problem}`, gone].filter(Boolean).join(" ");
    const note = byId("source-problem");
    note.hidden = !text || memory.get("source note read") === text;
    setText(note.firstElementChild, text);
    note.lastElementChild.onclick = () => {
      memory.set("source note read", text);
      note.hidden = true;
    };
  }

  /** Where we are in the batch. */
  place() {
    const { batch, strip, session } = this.page;
    const { entry, counts } = batch;
    if (!entry || entry.id !== session.image) return;
    this.#sourceNote(batch);
    const { query, order } = batch.filter;
    byId("filter-chip").hidden = !query && order === "position";
    setText(byId("filter-text"), query ? `Only ${query}` : "In another order");
    setText(byId("image-position"), `${entry.ordinal ?? "–"} / ${batch.total}`);
    const done = counts.done ?? 0;
    const percent = batch.size ? (100 * done) / batch.size : 0;
    setAttributes(byId("progress"), { style: `width: ${percent}%` });
    setAttributes(byId("progress").parentElement, {
      "aria-valuenow": String(Math.round(percent)),
      title: `${done} of ${batch.size} images done`,
    });
    setText(byId("progress-text"), `${done} of ${batch.size} done`);
    byId("previous").disabled = batch.first;
    byId("next").disabled = batch.last;
    strip.show(batch.entries, batch.at);
  }

  /** The image on screen, in the browser's memory and in the address. */
  remember() {
    const { session, memory, gallery, batch } = this.page;
    if (!session.image) return;
    memory.set(`place of ${session.annotator}`, session.image);
    if (gallery?.isOpen) return;
    history.replaceState(null, "", this.addressOf(session.image, batch.filter));
    document.title = `${session.image} · Dash Annotator`;
  }

  /** The address of an image, as one of those that a query leaves, in an order. */
  addressOf(image, { query, order }) {
    const { config, session, nameInAddress } = this.page;
    const given = { image, query, order: order === "position" ? "" : order, annotator: nameInAddress ? session.annotator : "" };
    return `${config.base}?${new URLSearchParams(Object.entries(given).filter(([, value]) => value))}`;
  }

  // ---- view ----

  /** Zoom, pan or resize: what lies over the figure follows, and a sharper picture is fetched where it would show. */
  zoomed() {
    const { overlay, plot, session, navigator } = this.page;
    overlay?.refresh();
    if (plot) byId("graph").classList.toggle("pixels", plot.scale() < PIXELS_FROM);
    const entry = navigator?.shown;
    if (!entry || entry.id !== plot?.image || this.#sharpening === entry.id) return;
    const { annotation } = session;
    if (!annotation || !this.#shownWidth) return;
    if (isTiled(annotation)) return this.page.tiles.look(entry, annotation);
    if (!plot.source?.includes("&fit=1") || this.#shownWidth >= annotation.width) return;
    const shownPerPixel = this.#shownWidth / annotation.width;
    if (devicePixelRatio / plot.scale() < SHARP_ENOUGH * shownPerPixel) return;
    this.#sharpen(entry);
  }

  async #sharpen(entry) {
    this.#sharpening = entry.id;
    try {
      const wanted = () => entry.url + this.page.looks.query(this.page.session.annotation?.view);
      const address = wanted();
      const picture = await this.page.pictures.load(address);
      await this.page.pointer.idle();
      if (this.page.plot.image === entry.id && address === wanted()) this.page.plot.sharpen(picture.src);
    } catch (error) {
      if (error.name !== "AbortError") this.warn("The full-size picture cannot be loaded; the smaller one stays.");
    } finally {
      this.#sharpening = null;
    }
  }

  /** Another look was chosen: the picture on screen in it; boxes, zoom and place stay. */
  async relook() {
    const { session, navigator, pictures, pointer, plot, tiles } = this.page;
    const entry = navigator.shown;
    if (!entry || entry.id !== session.image || !session.annotation.view) return;
    const address = navigator.shownAddress({ ...entry, view: session.annotation.view });
    try {
      const picture = await pictures.load(address);
      await pointer.idle();
      const current = navigator.shownAddress({ ...entry, view: session.annotation?.view });
      if (plot.image !== entry.id || address !== current) return; // gone on meanwhile
      tiles.clear();
      await plot.sharpen(picture.src);
      this.zoomed();
    } catch (error) {
      if (error.name !== "AbortError") this.warn(`${entry.id} cannot be shown so: the picture stays as it was.`);
    }
  }

  setCrosshair(on, tellSwitch) {
    const { overlay } = this.page;
    overlay.crosshair = on;
    if (!on) overlay.cross(null);
    if (tellSwitch) setProps("crosshair", { value: on });
    if (tellSwitch) this.say(on ? "Crosshair on" : "Crosshair off");
  }

  setLight(brightness, contrast) {
    const style = byId("graph").style;
    style.setProperty("--brightness", Number(brightness ?? LIGHT_MIDDLE) / 100);
    style.setProperty("--contrast", Number(contrast ?? LIGHT_MIDDLE) / 100);
  }

  resetView() {
    setProps("brightness", { value: LIGHT_MIDDLE });
    setProps("contrast", { value: LIGHT_MIDDLE });
    this.setLight(LIGHT_MIDDLE, LIGHT_MIDDLE);
    this.page.looks.reset();
    const { session, plot } = this.page;
    session.hidden.clear();
    plot.fit();
    this.boxes();
  }

  noMatch(none) {
    byId("image-search").classList.toggle("is-invalid", none);
  }

  #tableRoom() {
    const { table } = this.page;
    const top = byId("annotations-table")?.getBoundingClientRect().top; // not there yet when the page starts
    const bottom = byId("boxes-panel").getBoundingClientRect().bottom;
    if (top && bottom > 0) table?.setRoom(bottom - top - 330);
  }

  askName() {
    this.page.dialogs.openHelp();
  }

  // ---- messages ----

  status() {
    const { outbox } = this.page;
    const { state, count, detail } = outbox.status();
    const element = byId("save-status");
    const text = {
      saved: "Saved",
      saving: count > 1 ? `Saving ${count}` : "Saving",
      offline: `Offline, ${count} waiting`,
      error: count ? `${count} refused` : "Not on disk",
    }[state];
    setText(element, text);
    if (element.dataset.state !== state) {
      if (state === "saved" && ["offline", "error"].includes(element.dataset.state)) this.say("Everything is saved again");
      element.dataset.state = state;
      if (state === "offline") this.warn(`${detail[0].toUpperCase()}${detail.slice(1)}. Go on: your edits are kept in this browser and sent later.`);
      if (state === "error") this.warn(detail);
    }
    setAttributes(element, { title: detail || "Every edit is in the database." });
  }

  /** To screen readers: what comes close together is said together, and the same words twice are said twice. */
  say(text) {
    const announcer = byId("announcer");
    const sentences = performance.now() - this.#saidAt < SAID_TOGETHER_MS ? `${announcer.textContent.trim().replace(/\.$/, "")}. ${text}` : text;
    this.#saidAt = performance.now();
    announcer.textContent = announcer.textContent === sentences ? `${sentences}\u00a0` : sentences;
  }

  tableMessage(text) {
    setText(byId("table-message"), text);
  }

  /** In the place of the picture. */
  message(text) {
    byId("picture-message").textContent = text;
    byId("picture-message").hidden = text === "";
  }

  /** A notice that goes by itself, or when there is another of its topic. */
  warn(text, kind = "warning", topic = text) {
    this.unwarn(topic);
    const toast = make("div", `notice notice-${kind}`, byId("toasts"));
    toast.textContent = text;
    toast.dataset.topic = topic;
    this.say(text);
    setTimeout(() => toast.remove(), NOTICE_MS);
  }

  unwarn(topic) {
    for (const old of [...byId("toasts").children]) if (old.dataset.topic === topic) old.remove();
  }

  /** A cell that is being typed in is taken over before anything else happens. */
  commitCell() {
    const { activeElement } = document;
    if (activeElement?.closest("#annotations-table")) activeElement.blur();
  }
}

