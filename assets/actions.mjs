// What each key of layout/keys.py does: going on, and everything that is done to boxes without a mouse.

import { boxInView, moved, resized, sameCorners, zoomedRanges } from "./geometry.mjs";

const IN_GALLERY = new Set(["gallery", "undo", "redo", "search", "help"]); // keys that mean something there
const STEPS_ASIDE_PX = [10, 20, 30, 40, 50, 60, 70, 80]; // where a copy goes if its place is taken
const byId = (id) => document.getElementById(id);

export class Actions {
  /** `page` is the one of main.mjs. */
  constructor(page) {
    this.page = page;
  }

  /** Do what a key asks for. Returns false where the key should do what it always does. */
  perform(action, key) {
    const { page } = this;
    const { session, view } = page;
    const [name, tenfold] = action.split(/-(?=10$)/);
    const by = tenfold ? 10 : 1;
    if (page.gallery.isOpen && !IN_GALLERY.has(name)) return false;
    switch (name) {
      case "next": return void page.step(1);
      case "previous": return void page.step(-1);
      case "done": return void page.markDone();
      case "skip": return page.askSkip();
      case "search": return page.gallery.isOpen ? byId("gallery-query").focus() : page.panels.focusOn("image-search");
      case "jump": return page.panels.focusOn("image-jump");
      case "label": return this.#labelByKey(key);
      case "new": return this.#newBox();
      case "select-next": return this.#selectBy(1);
      case "select-previous": return this.#selectBy(-1);
      case "delete": return session.selectedBox() ? session.deleteBox(session.selected) : false;
      case "release": return this.#release();
      case "copy": return this.#copy();
      case "paste": return this.#paste();
      case "duplicate": return this.#duplicate();
      case "copy-previous": return void this.#copyPrevious();
      case "undo": return void page.replay(-1);
      case "redo": return void page.replay(1);
      case "gallery": return page.turnGallery();
      case "left": return this.#nudge(moved, -by, 0);
      case "right": return this.#nudge(moved, by, 0);
      case "up": return this.#nudge(moved, 0, -by);
      case "down": return this.#nudge(moved, 0, by);
      case "narrower": return this.#nudge(resizedAtEnd, -by, 0);
      case "wider": return this.#nudge(resizedAtEnd, by, 0);
      case "lower": return this.#nudge(resizedAtEnd, 0, -by);
      case "higher": return this.#nudge(resizedAtEnd, 0, by);
      case "fit": return page.plot.fit();
      case "zoom-in": return this.#zoom(0.8);
      case "zoom-out": return this.#zoom(1.25);
      case "page-previous": return page.looks.turn(-1);
      case "page-next": return page.looks.turn(1);
      case "hide": return session.hideLabel(session.label);
      case "crosshair": return view.setCrosshair(!page.overlay.crosshair, true);
      case "help": return page.dialogs.openHelp();
      default: throw new Error(`layout/keys.py names an action that assets/actions.mjs does not know: ${action}`);
    }
  } // prettier-ignore

  #duplicate() {
    const box = this.page.session.selectedBox();
    return box ? this.#place(box) : false;
  }

  async #copyPrevious() {
    const { batch, session, view } = this.page;
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
    const { session } = this.page;
    const label = session.labels.find((one) => one.hotkey === key);
    return label ? session.chooseLabel(label.name) : false;
  }

  #newBox() {
    const { session, plot } = this.page;
    if (!session.annotation?.width || !plot.source) return;
    const corners = boxInView(plot.ranges(), session.picture());
    if (corners) session.newBox(corners);
  }

  /** Select the next box; past the last one Tab goes on to the next control, so that nobody is trapped. */
  #selectBy(by) {
    const { session } = this.page;
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
    const { pointer, panels, session } = this.page;
    if (pointer.busy) return pointer.abort();
    if (panels.close()) return;
    return session.selected ? session.select(null) : false;
  }

  #copy() {
    const { session, view } = this.page;
    const box = session.selectedBox();
    if (!box) return false; // the browser's own copy
    session.clipboard = box;
    view.say(`Copied ${box.label}`);
  }

  #paste() {
    const box = this.page.session.clipboard;
    if (!box) return false;
    this.#place(box);
  }

  /** Put a copy of a box here, a little aside if one is there already. */
  #place(box) {
    const { session } = this.page;
    const picture = session.picture();
    const first = picture && inside(box, picture);
    if (!first) return void this.page.view.warn("The box does not fit into this picture.", "info");
    const free = (one) => !session.boxes().some((there) => sameCorners(there, one));
    const places = [0, ...STEPS_ASIDE_PX, ...STEPS_ASIDE_PX.map((px) => -px)].map((px) => moved(first, px, px, picture));
    const { x0, y0, x1, y1 } = places.find(free) ?? first;
    session.newBox({ x0, y0, x1, y1 }, box.label);
  }

  #nudge(change, dx, dy) {
    const { session } = this.page;
    const box = session.selectedBox();
    if (!box) return false;
    session.putBox(session.image, change(box, dx, dy, session.picture()), { repeat: `nudge ${box.id}` });
  }

  #zoom(factor) {
    const { plot } = this.page;
    const { x, y } = plot.ranges();
    const centre = { x: (x[0] + x[1]) / 2, y: (y[0] + y[1]) / 2 };
    plot.setRanges(zoomedRanges({ x, y }, factor, centre));
  }
}

const resizedAtEnd = (box, dx, dy, picture) => resized(box, "se", dx, dy, picture);

/** A box of another picture, clipped to this one; null if nothing of it is here. */
function inside(box, picture) {
  const [x0, x1] = [Math.min(box.x0, picture.width), Math.min(box.x1, picture.width)];
  const [y0, y1] = [Math.min(box.y0, picture.height), Math.min(box.y1, picture.height)];
  return x1 - x0 < 1 || y1 - y0 < 1 ? null : { ...box, x0, y0, x1, y1 };
}
