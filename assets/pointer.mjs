// Mouse, pen and touch on the picture. Drawing is plotly's (drawrect); the box it outlines is made here, for the image
// that was on screen at pointer-down. Selecting, moving and resizing are ours: plotly knows shapes by their index.

import { cornerAt, cornersBetween, edgeNearest, moved, pick, resized, sameCorners, boxesAt, contains } from "./geometry.mjs";

const CLICK_PX = 3; // a shorter way is a click
const REACH_PX = 5; // how far from an edge still counts as on it
const CORNER_PX = { mouse: 8, pen: 10, touch: 18 };

export class Pointer {
  #drag = null;
  #touches = new Map();
  #space = false;
  #waiting = [];

  /** `session` gives and takes boxes; see session.mjs. */
  constructor(session, plot, overlay) {
    this.session = session;
    this.plot = plot;
    this.overlay = overlay;
    const listen = (name, handler) => addEventListener(name, handler, { capture: true, passive: false });
    listen("pointerdown", (event) => this.#down(event));
    listen("pointermove", (event) => this.#move(event));
    listen("pointerup", (event) => this.#up(event));
    listen("pointercancel", (event) => this.#cancelled(event));
    // Plotly listens to these; a drag that is ours must not start one of its own.
    for (const name of ["mousedown", "touchstart"]) listen(name, (event) => this.#keepFromPlotly(event));
    plot.element.addEventListener("pointerleave", () => this.#leave());
  }

  /** Resolves when no button is down: a drag in progress ends before the image changes. */
  idle() {
    return this.#drag ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  get busy() {
    return this.#drag !== null;
  }

  /** While space is held, a drag pans. */
  holdSpace(held) {
    this.#space = held;
    this.plot.element.classList.toggle("panning", held);
  }

  /** Give up the drag in progress: nothing is changed. */
  abort() {
    if (!this.#drag) return;
    this.#drag.aborted = true;
    this.overlay.show("drag", null);
    this.session.lift(null);
  }

  #down(event) {
    if (!this.plot.isOver(event.target)) return;
    if (event.pointerType === "touch") {
      this.#touches.set(event.pointerId, event);
      if (this.#touches.size > 1) return this.#pinchBegins();
    }
    // A drag whose end never came (a context menu took it) ends here.
    if (this.#drag && this.#drag.id !== event.pointerId) return;
    const point = this.plot.toPicture(event.clientX, event.clientY);
    const { image } = this.session; // the one on screen; null while there is none
    const picture = this.session.picture();
    const how = picture ? this.#modeOf(event, point) : { mode: "none" };
    this.#drag = { id: event.pointerId, image, picture, from: point, start: event, ...how };
    this.overlay.show("hover", null);
    this.plot.element.closest("#graph").focus({ preventScroll: true });
  }

  #modeOf(event, point) {
    if (event.button === 1 || (event.button === 0 && this.#space)) return { mode: "pan", ranges: copy(this.plot.ranges()) };
    if (event.button !== 0) return { mode: "none" };
    const box = this.session.selectedBox();
    if (box && this.plot.draws) {
      const slack = this.plot.scale();
      const corner = cornerAt(box, point, slack * (CORNER_PX[event.pointerType] ?? CORNER_PX.mouse));
      if (corner) return { mode: "edit", box, edges: corner };
      if (contains(box, point, slack * REACH_PX)) return { mode: "edit", box, edges: event.altKey ? edgeNearest(box, point) : "" };
    }
    return { mode: this.plot.draws ? "draw" : "plotly" };
  }

  #keepFromPlotly(event) {
    if (!this.#drag || !this.plot.isOver(event.target)) return;
    const ours = this.#drag.mode !== "draw" && this.#drag.mode !== "plotly";
    if (ours || event.ctrlKey || event.metaKey) {
      event.stopImmediatePropagation();
      event.preventDefault();
    }
  }

  #move(event) {
    if (this.#touches.has(event.pointerId)) this.#touches.set(event.pointerId, event);
    if (!this.#drag) return this.#hover(event);
    if (this.#drag.mode === "pinch") return this.#pinch();
    if (event.pointerId !== this.#drag.id || this.#drag.aborted) return;
    this.#crossAt(event);
    if (this.#drag.mode === "pan") this.#pan(event);
    if (this.#drag.mode === "edit" && far(this.#drag.start, event)) {
      this.session.lift(this.#drag.box.id);
      this.overlay.show("drag", this.#edited(event), this.session.colorOf(this.#drag.box.label));
    }
  }

  #up(event) {
    this.#touches.delete(event.pointerId);
    const drag = this.#drag;
    if (!drag) return;
    // Before anything else: plotly ends its own drag with the first finger that goes up, and would keep a shape.
    if (drag.mode === "draw" || drag.mode === "pinch") this.plot.dropOutline();
    if (drag.mode === "pinch" ? this.#touches.size > 0 : event.pointerId !== drag.id) return;
    try {
      if (!drag.aborted) this.#finish(drag, event);
    } finally {
      this.#end();
    }
  }

  #finish(drag, event) {
    const clicked = !far(drag.start, event);
    if (drag.mode === "edit" && !clicked) {
      const { x0, y0, x1, y1 } = this.#edited(event);
      this.overlay.show("drag", null);
      this.session.lift(null);
      // The box as it is now: it may have been relabelled or removed since it was pressed.
      const box = this.session.boxOf(drag.image, drag.box.id);
      if (box && !sameCorners({ x0, y0, x1, y1 }, drag.box)) this.session.putBox(drag.image, { ...box, x0, y0, x1, y1 });
    } else if (drag.mode === "draw" && !clicked && !event.ctrlKey && !event.metaKey) {
      const corners = cornersBetween(drag.from, this.plot.toPicture(event.clientX, event.clientY), drag.picture);
      if (corners && this.plot.source) this.session.drawBox(drag.image, corners);
      else if (corners) this.session.view.warn("No box is drawn on a picture that is not there yet.", "info", "unseen");
    } else if (clicked && drag.mode !== "pan" && drag.mode !== "none" && drag.mode !== "pinch") {
      this.session.select(pick(this.session.visibleBoxes(), drag.from, this.plot.scale() * REACH_PX, this.session.selected));
    }
  }

  #cancelled(event) {
    this.#touches.delete(event.pointerId);
    if (!this.#drag || (event.pointerId !== this.#drag.id && this.#drag.mode !== "pinch")) return;
    this.plot.dropOutline();
    this.abort();
    this.#end();
  }

  #end() {
    this.#drag = null;
    // After plotly's own handlers of this very event.
    setTimeout(() => {
      if (this.#drag) return;
      this.plot.clearOutline();
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  #edited(event) {
    const { box, edges, from, picture } = this.#drag;
    const to = this.plot.toPicture(event.clientX, event.clientY);
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    return edges ? resized(box, edges, dx, dy, picture) : moved(box, dx, dy, picture);
  }

  #pan(event) {
    const { ranges, start } = this.#drag;
    const scale = this.plot.scale();
    const [dx, dy] = [(start.clientX - event.clientX) * scale, (start.clientY - event.clientY) * scale];
    this.#onNextFrame({ x: ranges.x.map((v) => v + dx), y: ranges.y.map((v) => v + dy) });
  }

  #pinchBegins() {
    this.abort();
    const [a, b] = [...this.#touches.values()];
    this.#drag = { ...this.#drag, mode: "pinch", aborted: true, a, b, ranges: copy(this.plot.ranges()), area: this.plot.frame() };
  }

  #pinch() {
    const [a, b] = [...this.#touches.values()];
    if (!a || !b) return;
    const { ranges, area } = this.#drag;
    const factor = distance(this.#drag.a, this.#drag.b) / Math.max(1, distance(a, b));
    const [was, is] = [middle(this.#drag.a, this.#drag.b), middle(a, b)];
    const along = (range, from, now, size) => {
      const at = range[0] + (from / size) * (range[1] - range[0]); // what was under the fingers stays there
      const span = (range[1] - range[0]) * factor;
      const low = at - (now / size) * span;
      return [low, low + span];
    };
    this.#onNextFrame({
      x: along(ranges.x, was.x - area.left, is.x - area.left, area.width),
      y: along([...ranges.y].reverse(), was.y - area.top, is.y - area.top, area.height).reverse(), // the first is at the bottom
    });
  }

  #onNextFrame(ranges) {
    const first = !this.nextRanges;
    this.nextRanges = ranges;
    if (!first) return;
    requestAnimationFrame(() => {
      this.plot.setRanges(this.nextRanges);
      this.nextRanges = null;
    });
  }

  #hover(event) {
    if (!this.plot.isOver(event.target)) return this.#leave();
    this.#crossAt(event);
    if (event.pointerType === "touch") return;
    const point = this.plot.toPicture(event.clientX, event.clientY);
    const slack = this.plot.scale();
    const selected = this.session.selectedBox();
    const corner = selected && this.plot.draws ? cornerAt(selected, point, slack * CORNER_PX.mouse) : null;
    const inside = selected && contains(selected, point, slack * REACH_PX);
    this.plot.element.dataset.over = corner ?? (inside && this.plot.draws ? "box" : "");
    const [box] = corner || inside ? [] : boxesAt(this.session.visibleBoxes(), point, slack * REACH_PX);
    this.overlay.show("hover", box ?? null, box && this.session.colorOf(box.label));
  }

  #leave() {
    this.overlay.show("hover", null);
    this.overlay.cross(null);
  }

  #crossAt(event) {
    const frame = this.plot.frame();
    this.overlay.cross({ x: event.clientX - frame.left, y: event.clientY - frame.top });
  }
}

const far = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) >= CLICK_PX;
const distance = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
const middle = (a, b) => ({ x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 });
const copy = ({ x, y }) => ({ x: [...x], y: [...y] });
