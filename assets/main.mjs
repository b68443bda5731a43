// The page starts here: the parts are made and put together. Each part is a file of its own beside this one.

import { boxInView, moved, resized, sameCorners, zoomedRanges } from "./geometry.mjs";
import { Batch } from "./batch.mjs";
import { callbacks } from "./callbacks.mjs";
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
import { Palette } from "./palette.mjs";
import { Lanes, PictureCache } from "./pictures.mjs";
import { Plot, firstDrawn } from "./plot.mjs";
import { Pointer } from "./pointer.mjs";
import { Server } from "./server.mjs";
import { Session } from "./session.mjs";
import { Strip } from "./strip.mjs";
import { Table } from "./table.mjs";
import { TileLayer } from "./tiles.mjs";
import { View } from "./view.mjs";

const REFRESH_MS = 3000;
const NEWS_MS = 15_000; // how long what is known of the batch counts as new
const KEPT_PICTURES = 10;
const PICTURES_AT_ONCE = 3;
const THUMBNAILS_AT_ONCE = 2;
const LOOK_AGAIN_MS = 500;
const IN_GALLERY = new Set(["gallery", "undo", "redo", "search", "help"]); // keys that mean something there
const RETRY_MS = 5000;
const FARTHEST = 99_999_999; // no batch has so many images
const STEPS_ASIDE_PX = [10, 20, 30, 40, 50, 60, 70, 80]; // where a copy goes if its place is taken
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
    listen({
      bindings: config.keys,
      perform: (action, key) => this.perform(action, key),
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
      else if (image && batch.entry.id !== image && !batch.indexing) this.view.warn(`${image} is not in this batch; this is ${batch.entry.id}.`);
      return true;
    });
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
    this.view.closeDrawer();
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

  /** Do what a key asks for. Returns false where the key should do what it always does. */
  perform(action, key) {
    const { session, view } = this;
    const [name, tenfold] = action.split(/-(?=10$)/);
    const by = tenfold ? 10 : 1;
    if (this.gallery.isOpen && !IN_GALLERY.has(name)) return false;
    switch (name) {
      case "next": return void this.step(1);
      case "previous": return void this.step(-1);
      case "done": return void this.markDone();
      case "skip": return this.askSkip();
      case "search": return this.gallery.isOpen ? byId("gallery-query").focus() : view.focusInPanel("image-search");
      case "jump": return view.focusInPanel("image-jump");
      case "label": return this.#labelByKey(key);
      case "new": return this.#newBox();
      case "select-next": return this.#selectBy(1);
      case "select-previous": return this.#selectBy(-1);
      case "delete": return session.selectedBox() ? session.deleteBox(session.selected) : false;
      case "release": return this.#release();
      case "copy": return this.#copy();
      case "paste": return this.#paste();
      case "duplicate": return this.duplicate();
      case "copy-previous": return void this.copyPrevious();
      case "undo": return void this.replay(-1);
      case "redo": return void this.replay(1);
      case "gallery": return this.turnGallery();
      case "left": return this.#nudge(moved, -by, 0);
      case "right": return this.#nudge(moved, by, 0);
      case "up": return this.#nudge(moved, 0, -by);
      case "down": return this.#nudge(moved, 0, by);
      case "narrower": return this.#nudge(resizedAtEnd, -by, 0);
      case "wider": return this.#nudge(resizedAtEnd, by, 0);
      case "lower": return this.#nudge(resizedAtEnd, 0, -by);
      case "higher": return this.#nudge(resizedAtEnd, 0, by);
      case "fit": return this.plot.fit();
      case "zoom-in": return this.#zoom(0.8);
      case "zoom-out": return this.#zoom(1.25);
      case "page-previous": return this.looks.turn(-1);
      case "page-next": return this.looks.turn(1);
      case "hide": return session.hideLabel(session.label);
      case "crosshair": return view.setCrosshair(!this.overlay.crosshair, true);
      case "help": return this.dialogs.openHelp();
      default: throw new Error(`layout/keys.py names an action that assets/main.mjs does not know: ${action}`);
    }
  } // prettier-ignore

  duplicate() {
    const box = this.session.selectedBox();
    return box ? this.#place(box) : false;
  }

  async copyPrevious() {
    const { batch, session, view } = this;
    const previous = batch.entries[batch.entries.findIndex((entry) => entry.id === session.image) - 1];
    if (!previous) return view.warn("There is no previous image.", "info");
    const { image } = session;
    view.say(`Copying the boxes of ${previous.id}`);
    const annotation = await session.load(previous.id).catch((error) => view.warn(`${previous.id}: ${error.message}`));
    if (!annotation || image !== session.image) return;
    const boxes = [...annotation.boxes.values()].filter((box) => !box.deleted);
    const fitting = boxes.map((box) => inside(box, session.picture())).filter(Boolean);
    if (!fitting.length) view.warn("The previous image has no box that fits here.", "info");
    else if (!session.copyFrom(fitting)) view.warn("The boxes of the previous image are all here already.", "info");
  }

  #labelByKey(key) {
    const label = this.session.labels.find((one) => one.hotkey === key);
    return label ? this.session.chooseLabel(label.name) : false;
  }

  #newBox() {
    if (!this.session.annotation?.width || !this.plot.source) return;
    const corners = boxInView(this.plot.ranges(), this.session.picture());
    if (corners) this.session.newBox(corners);
  }

  /** Select the next box; past the last one Tab goes on to the next control, so that nobody is trapped. */
  #selectBy(by) {
    const { session } = this;
    const boxes = session.visibleBoxes();
    const at = boxes.findIndex((box) => box.id === session.selected);
    const next = at < 0 ? (by > 0 ? 0 : boxes.length - 1) : at + by;
    if (!boxes[next]) {
      if (session.selected) session.select(null);
      return false;
    }
    session.select(boxes[next].id);
    byId("graph").focus({ preventScroll: true });
  }

  /** Escape: give up a drag, close a drawer, let go of the box; whichever there is first. */
  #release() {
    if (this.pointer.busy) return this.pointer.abort();
    if (this.view.closeDrawer()) return;
    return this.session.selected ? this.session.select(null) : false;
  }

  #copy() {
    const box = this.session.selectedBox();
    if (!box) return false; // the browser's own copy
    this.session.clipboard = box;
    this.view.say(`Copied ${box.label}`);
  }

  #paste() {
    const box = this.session.clipboard;
    if (!box) return false;
    this.#place(box);
  }

  /** Put a copy of a box here, a little aside if one is there already. */
  #place(box) {
    const { session } = this;
    const picture = session.picture();
    const first = picture && inside(box, picture);
    if (!first) return void this.view.warn("The box does not fit into this picture.", "info");
    const free = (one) => !session.boxes().some((there) => sameCorners(there, one));
    const places = [0, ...STEPS_ASIDE_PX, ...STEPS_ASIDE_PX.map((px) => -px)].map((px) => moved(first, px, px, picture));
    const { x0, y0, x1, y1 } = places.find(free) ?? first;
    session.newBox({ x0, y0, x1, y1 }, box.label);
  }

  #nudge(change, dx, dy) {
    const { session } = this;
    const box = session.selectedBox();
    if (!box) return false;
    session.putBox(session.image, change(box, dx, dy, session.picture()), { repeat: `nudge ${box.id}` });
  }

  #zoom(factor) {
    const { x, y } = this.plot.ranges();
    const centre = { x: (x[0] + x[1]) / 2, y: (y[0] + y[1]) / 2 };
    this.plot.setRanges(zoomedRanges({ x, y }, factor, centre));
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

const resizedAtEnd = (box, dx, dy, picture) => resized(box, "se", dx, dy, picture);

/** A box of another picture, clipped to this one; null if nothing of it is here. */
function inside(box, picture) {
  const [x0, x1] = [Math.min(box.x0, picture.width), Math.min(box.x1, picture.width)];
  const [y0, y1] = [Math.min(box.y0, picture.height), Math.min(box.y1, picture.height)];
  return x1 - x0 < 1 || y1 - y0 < 1 ? null : { ...box, x0, y0, x1, y1 };
}

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
