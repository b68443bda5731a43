// The page starts here: the parts are made and put together. Each part is a file of its own beside this one.

import { Actions } from "./actions.mjs";
import { Batch } from "./batch.mjs";
import { callbacks } from "./callbacks.mjs";
import { plural } from "./changes.mjs";
import { openJournal } from "./journal.mjs";
import { Dialogs } from "./dialogs.mjs";
import { present } from "./dom.mjs";
import { Files } from "./files.mjs";
import { Gallery } from "./gallery.mjs";
import { listen } from "./keyboard.mjs";
import { Looks } from "./looks.mjs";
import { Navigator } from "./navigator.mjs";
import { Outbox } from "./outbox.mjs";
import { Overlay } from "./overlay.mjs";
import { Panels } from "./panels.mjs";
import { Palette } from "./palette.mjs";
import { Lanes, PictureCache } from "./pictures.mjs";
import { Plot, firstDrawn } from "./plot.mjs";
import { Pointer } from "./pointer.mjs";
import { Server } from "./server.mjs";
import { Session } from "./session.mjs";
import { Strip } from "./strip.mjs";
import { Table } from "./table.mjs";
import { nextTheme, startTheme } from "./theme.mjs";
import { TileLayer } from "./tiles.mjs";
import { View } from "./view.mjs";

const REFRESH_MS = 3000;
const NEWS_MS = 15_000; // how long what is known of the batch counts as new
const KEPT_PICTURES = 10;
const PICTURES_AT_ONCE = 3;
const THUMBNAILS_AT_ONCE = 2;
const LOOK_AGAIN_MS = 500;
const RETRY_MS = 5000;
const FARTHEST = 99_999_999; // no batch has so many images
const byId = (id) => document.getElementById(id);

/** What the page needs to know, sent with it by layout/page.py. */
async function configuration() {
  const page = await present("#page");
  return JSON.parse(page.dataset.config);
}

class Page {
  #coming = null; // the name that is being taken over

  constructor(config, journal, element) {
    const server = new Server(config.base);
    const outbox = new Outbox(server, journal, () => this.view.status());
    const channel = "BroadcastChannel" in window ? new BroadcastChannel(config.database) : null;
    this.config = config;
    this.memory = memory(config.database);
    this.server = server;
    this.outbox = outbox;
    const lanes = new Lanes(PICTURES_AT_ONCE);
    this.pictures = new PictureCache(KEPT_PICTURES, lanes);
    startTheme();
    this.panels = new Panels();
    this.view = new View(this);
    this.dialogs = new Dialogs(this);
    this.session = new Session({ server, journal, outbox, channel, view: this.view });
    this.session.setLabels(config.labels);
    this.plot = new Plot(element, {
      viewChanged: () => this.view.zoomed(),
      erase: () => this.session.selectedBox() && this.session.deleteBox(this.session.selected),
    });
    this.overlay = new Overlay(byId("overlay"), this.plot);
    this.pointer = new Pointer(this.session, this.plot, this.overlay);
    this.looks = new Looks({ memory: this.memory, setProps, changed: () => this.view.relook() });
    this.tiles = new TileLayer({ lanes, plot: this.plot, pointer: this.pointer, looks: this.looks, warn: (text) => this.view.warn(text) });
    this.table = new Table({ id: "annotations-table", setProps, message: (text) => this.view.tableMessage(text) });
    this.palette = new Palette(byId("palette"), {
      choose: (name) => this.session.chooseLabel(name),
      hide: (name) => this.session.hideLabel(name),
    });
    this.palette.setLabels(config.labels);
    this.files = new Files({
      server,
      setProps,
      warn: (text, kind) => this.view.warn(text, kind),
      saved: () => this.saved(),
      annotator: () => this.session.annotator,
      labels: () => this.session.labels,
      imported: () => this.#imported(),
    });
    this.strip = new Strip(byId("strip"), { lanes: new Lanes(THUMBNAILS_AT_ONCE), open: (id) => this.open(id) });
    this.navigator = new Navigator({
      session: this.session,
      pictures: this.pictures,
      tiles: this.tiles,
      pointer: this.pointer,
      table: this.table,
      looks: this.looks,
      swap: (...arguments_) => this.view.swap(...arguments_),
      fail: (entry, error) => this.view.failed(entry, error),
      slow: (entry) => this.view.slow(entry),
    });
    this.gallery = new Gallery(this, setProps);
    const actions = new Actions(this);
    listen({
      bindings: config.keys,
      perform: (action, key) => actions.perform(action, key),
      holdSpace: (held) => this.pointer.holdSpace(held),
    });
    addEventListener("popstate", () => this.#follow());
    addEventListener("beforeunload", (event) => outbox.size && event.preventDefault());
    setInterval(() => this.#refresh(), REFRESH_MS);
    document.addEventListener("visibilitychange", () => this.#refresh());
  }

  get batch() {
    return this.navigator.batch;
  }

  async start() {
    const address = new URLSearchParams(location.search);
    const given = (address.get("annotator") ?? "").trim().replace(/\s+/g, " ");
    this.nameInAddress = given !== "";
    await this.outbox.adopt();
    this.outbox.send();
    const gallery = isGallery() ? Gallery.askedBy(address) : null;
    this.firstFilter = gallery ? {} : { query: address.get("query") ?? "", order: address.get("order") ?? "position" };
    await this.become(given || this.memory.get("annotator") || "", address.get("image"), gallery);
    if (!this.session.annotator) this.dialogs.openHelp();
  }

  /** Who is at work, or will be once their boxes are loaded. */
  get name() {
    return this.#coming ?? this.session.annotator;
  }

  /**
   * Change who is at work, staying at an image or going where they left off. Where that person's image cannot be
   * loaded, everything stays as it is. Of several names given in a row the last one counts. With `gallery`, what it is
   * asked, the gallery is opened and no image yet.
   */
  async become(annotator, image, gallery = null) {
    this.#coming = annotator;
    const outrun = () => this.#coming !== annotator;
    const { session, navigator } = this;
    const place = image ?? this.memory.get(`place of ${annotator}`) ?? "";
    const batch = new Batch(this.server, annotator, () => this.outbox.size > 0);
    batch.filter = this.batch?.filter ?? { ...batch.filter, ...this.firstFilter };
    let prepared = null;
    if (session.image) {
      try {
        await batch.open(place);
        if (batch.entry) prepared = await session.prepare(annotator, batch.entry.id);
      } catch (error) {
        if (outrun()) return;
        this.#coming = null;
        this.dialogs.named(session.annotator);
        this.view.warn(`Still working as ${session.annotator || "nobody"}: the boxes of ${annotator} cannot be loaded, ${error.message}.`);
        return;
      }
    }
    await this.table.settled();
    await this.pointer.idle();
    await session.settled();
    if (outrun()) return;
    this.#coming = null;
    session.become(annotator, prepared);
    if (annotator) this.memory.set("annotator", annotator);
    navigator.batch = batch;
    this.dialogs.named(annotator);
    if (gallery || this.gallery.isOpen) await this.gallery.open(gallery ?? this.gallery.asked);
    if (gallery) return;
    if (prepared && batch.entry.id === session.image) {
      this.view.sameImage(); // at once: a hand may be drawing
      navigator.go(() => false); // nobody waits for another image any more
      return;
    }
    session.image = null; // whatever is on screen is the other annotator's
    await this.open(place);
  }

  open(image) {
    this.view.commitCell();
    return this.navigator.go(async (batch) => {
      if (batch.goTo(image)) return true;
      await batch.open(image);
      if (!batch.entry) this.#lookAgain(image);
      else if (image && batch.entry.id !== image && !batch.indexing) this.#notHere(image, batch.entry.id);
      return true;
    });
  }

  /** Say why another image is shown than was asked for. */
  async #notHere(image, shown) {
    const known = await this.server.annotations(image, this.session.annotator).catch(() => null);
    const boxes = known?.annotations[0]?.boxes.length ?? 0;
    const kept = boxes ? `, and its ${plural(boxes, "box")} ${boxes === 1 ? "is" : "are"} kept` : "";
    this.view.warn(`${image} ${known ? `is no longer in the source${kept}` : "is not in this batch"}; this is ${shown}.`);
  }

  /** No picture yet: on the very first start the source is still being listed. */
  #lookAgain(image) {
    const why = this.batch.problem || "There is no picture in this batch.";
    this.view.message(this.batch.indexing ? "Looking for pictures …" : why);
    setTimeout(() => this.session.image || this.open(image), LOOK_AGAIN_MS);
  }

  /** Open or close the gallery; the browser's Back undoes that. */
  turnGallery() {
    history.pushState(null, "", location.href);
    if (!this.gallery.isOpen) return void this.gallery.open();
    this.gallery.close();
    if (this.session.image) this.view.remember();
    else this.open("");
  }

  /** Back or Forward: show what the address says. */
  #follow() {
    const address = new URLSearchParams(location.search);
    if (isGallery()) return void this.gallery.open(Gallery.askedBy(address));
    this.gallery.close();
    const image = address.get("image") ?? "";
    if (image !== this.session.image || this.navigator.busy) this.#walkTo(image, { query: address.get("query") ?? "", order: address.get("order") ?? "position" });
  }

  /** Leave the gallery for an image; from there one goes on through what the gallery's query left, in its order. */
  async walk(image, filter, box = null) {
    history.pushState(null, "", this.view.addressOf(image, filter)); // at once, for who goes back before it is there
    this.gallery.close();
    await this.#walkTo(image, filter);
    if (box && this.session.image === image && this.session.boxOf(image, box)) this.session.select(box);
  }

  #walkTo(image, { query, order }) {
    return this.navigator.go(async (batch) => {
      if (!(await batch.setFilter({ state: "all", search: "", query, order }, image))) {
        this.view.warn("Nothing matches the query any more.");
        if (!this.session.image) await batch.open(image);
        return;
      }
      setProps("image-search", { value: "" });
      setProps("state-filter", { value: "all" });
      if (image && batch.entry.id !== image) this.view.warn(`${image} does not match any more; this is ${batch.entry.id}.`);
    });
  }

  turnTheme() {
    nextTheme();
    this.gallery.chart();
  }

  /** Read counters and list again: states were changed elsewhere than on the image on screen. */
  recount() {
    if (this.session.image) this.batch.readAgain().then(() => this.view.place()).catch(() => {}); // asked again later
  }

  /** Undo (below 0) or redo some steps: on the image, or in the gallery across images. */
  replay(steps) {
    for (let left = Math.abs(steps); left > 0; left -= 1) {
      if (this.gallery.isOpen) this.gallery.changes.replay(Math.sign(steps));
      else if (steps < 0) this.session.undo();
      else this.session.redo();
    }
  }

  step(steps) {
    this.view.commitCell();
    return this.navigator.go(async (batch) => {
      if (await batch.step(steps)) return true;
      if (this.session.image) this.view.warn(steps > 0 ? "This is the last image." : "This is the first image.", "info");
      return false;
    });
  }

  /** Go to an image by its number, as somebody typed it; the field is empty then, and the keys are the picture's. */
  jump(ordinal) {
    this.view.commitCell();
    if (!this.batch?.total) return;
    if (!Number.isInteger(ordinal) || ordinal < 1) {
      return this.view.warn(`Give a whole number from 1 to ${this.batch.total.toLocaleString("en")}.`, "info", "jump");
    }
    setProps("image-jump", { value: "" });
    this.panels.close();
    byId("graph").focus({ preventScroll: true });
    return this.navigator.go(async (batch) => {
      await batch.openAt(Math.min(ordinal, FARTHEST));
      if (ordinal > batch.total) this.view.warn(`There is no image ${ordinal.toLocaleString("en")}: this is ${batch.entry?.ordinal}, the last.`, "info");
    });
  }

  /** Change some of the filter. */
  filter(changes) {
    return this.navigator.go(async (batch) => {
      const filter = { ...batch.filter, ...changes };
      if (JSON.stringify(filter) === JSON.stringify(batch.filter)) return false;
      const found = await batch.setFilter(filter, this.session.image ?? "");
      this.view.noMatch(!found);
      if (!found) this.view.warn("No image matches the search and the filter; the list stays as it was.", "info");
      this.view.place();
      return found;
    });
  }

  /** Mark the image on screen; not while the next is on its way, or one would be marked that nobody has looked at. */
  markDone() {
    const { session } = this;
    if (!session.annotation || this.pointer.busy || this.#isLeaving()) return;
    if (!session.annotator) return this.dialogs.openHelp(); // one's own image stays on screen until then
    if (!session.annotation.width || !this.plot.source) {
      return this.view.warn("The picture cannot be shown, so nobody can have looked at it. Skip it with X.", "info", "unseen");
    }
    session.setState("done");
    this.step(1);
  }

  /** Whether the next image is on its way; the person is told if that takes long. */
  #isLeaving() {
    const { busy } = this.navigator;
    if (busy && this.view.isSlow) this.view.warn("The next image is still loading: wait for it, or go back to this one.", "info");
    return busy;
  }

  /** Ask for the reason to skip the image on screen. */
  askSkip() {
    if (!this.session.annotation || this.#isLeaving()) return;
    this.dialogs.askReason();
  }

  skip(reason, image) {
    this.session.setState("skipped", reason, image);
    if (image === this.session.image && !this.navigator.busy) this.step(1);
    else this.view.noteState(image);
  }

  /** Send what waits; resolves to how many edits still do. */
  async saved() {
    if (this.outbox.size) await this.outbox.send();
    return this.outbox.size;
  }

  /** Annotations and labels were changed on the server: show them. */
  async #imported() {
    const { session, server, palette, navigator, batch } = this;
    session.setLabels(await server.labels());
    palette.setLabels(session.labels);
    const names = session.labels.map(({ name }) => ({ label: name, value: name }));
    setProps("annotation-type-dropdown", { options: names });
    setProps("annotations-table", { dropdown: { Type: { options: names, clearable: false } } });
    await session.reload();
    await navigator.go(async () => {
      await batch.open(batch.entry?.id ?? ""); // which may be on its way
      return false;
    });
    this.view.boxes();
  }

  /** What the server says of the image on screen by now; one that could not be had is tried again. */
  async #refreshImage() {
    const { session, plot } = this;
    const { image } = session;
    const before = session.annotation?.error;
    await session.refresh();
    if (image !== session.image || !session.annotation) return;
    const { error } = session.annotation;
    if (error && error !== before && plot.source) this.view.warn(`${image}: ${error} Its boxes are kept.`);
    const isDue = before || performance.now() - this.view.swappedAt > RETRY_MS;
    const isIdle = !this.gallery.isOpen && !this.navigator.busy;
    if (!plot.source && !error && this.view.isPassing && isDue && isIdle) this.navigator.go(() => true);
  }

  #refresh() {
    if (document.hidden || this.pointer.busy) return;
    this.#refreshImage().catch(() => {}); // the outbox tells about a server that does not answer
    if (this.gallery.isOpen) this.gallery.renew();
    const late = this.batch?.stale && !this.outbox.size;
    const old = performance.now() - this.batch?.readAt > NEWS_MS;
    if (this.batch?.indexing || this.batch?.problem || this.batch?.last || late || old) this.batch.readAgain().then(() => this.view.place()).catch(() => {});
    this.outbox.adopt().then((adopted) => adopted.length && this.outbox.send());
  }
}

/** Whether the address is the gallery's. */
const isGallery = () => /\/gallery\/?$/.test(location.pathname);

const setProps = (id, props) => window.dash_clientside.set_props(id, props);

/** What the browser remembers between visits, for one database of annotations. */
function memory(database) {
  const key = (name) => `${database} ${name}`;
  return {
    get: (name) => localStorage.getItem(key(name)),
    set(name, value) {
      try {
        localStorage.setItem(key(name), value);
      } catch (error) {
        console.warn(`The browser did not remember ${name}: ${error.message}`); // a courtesy: nothing depends on it
      }
    },
  };
}

async function main() {
  const page = {};
  window.dash_clientside ??= {};
  window.dash_clientside.annotator = callbacks(() => page.made);
  const config = await configuration();
  const journal = await openJournal(config.database).catch(() => null);
  const element = await firstDrawn(() => byId("graph"));
  page.made = new Page(config, journal, element);
  window.annotator = { state: () => page.made.view.state() };
  await page.made.start();
}

main();
