// The plotly figure: showing a picture with its boxes, and the few private names of plotly.js that this needs.
// Each private name stands in this file alone, and tests/browser/test_plot.py fails when plotly changes it.

import { fitRanges } from "./geometry.mjs";

const MODEBAR_ERASE = '[data-title="Erase active shape"]';
const MODEBAR_RESET = '[data-attr="zoom"][data-val="reset"]';
const NOTCH_PX = 50; // from which on a turn of the wheel is one notch, and no touch of a trackpad
const FARTHEST = 3; // how many times smaller than fitted a picture may get

export class Plot {
  #picture = null;
  #fittedTo = null; // the area that the picture was fitted to; null once a person zoomed or panned
  #shapes = [];

  /** `handlers`: viewChanged() after zoom, pan and resize; erase() for the modebar's eraser. */
  constructor(element, handlers) {
    this.element = element;
    this.handlers = handlers;
    // dcc.Graph answers each relayout by copying the layout into its `figure` and drawing all again. The page
    // draws by itself, so that echo would only double the cost of every edit.
    element.removeAllListeners("plotly_relayout");
    element.on("plotly_relayout", (change) => this.#onRelayout(change));
    element.on("plotly_relayouting", () => handlers.viewChanged());
    element.on("plotly_afterplot", () => this.#onDrawn());
    element.addEventListener("click", (event) => this.#onModebar(event), true);
    element.addEventListener("wheel", (event) => this.#onWheel(event));
  }

  /** The id of the image on screen. */
  get image() {
    return this.element.layout.meta?.image ?? null;
  }

  /** Whether a drag of the pointer draws a box (and not: pans or zooms). */
  get draws() {
    return this.element._fullLayout.dragmode === "drawrect";
  }

  /** Picture, boxes, ranges and image id in one step. `source` is an address whose picture is decoded already. */
  show({ image, source, picture, shapes, newBoxColor }) {
    const { layout } = this.element;
    this.#picture = picture;
    this.#shapes = shapes;
    layout.meta = { ...layout.meta, image };
    this.setNewBoxColor(newBoxColor);
    this.#fittedTo = this.area();
    const ranges = fitRanges(picture, this.#fittedTo);
    const images = source ? [imageOf(source, picture)] : [];
    return Plotly.relayout(this.element, { images, shapes, "xaxis.range": ranges.x, "yaxis.range": ranges.y });
  }

  /** Put a sharper version of the same picture in the place of the present one. */
  sharpen(source) {
    return Plotly.relayout(this.element, { images: [imageOf(source, this.#picture)] });
  }

  /** Lay tiles over the picture: [{source, left, top, width, height}] in its pixels. */
  setTiles(tiles) {
    const [whole] = this.element.layout.images;
    const laid = tiles.map(({ source, left, top, width, height }) => ({ ...imageOf(source, { width, height }), x: left, y: top }));
    return Plotly.relayout(this.element, { images: [whole, ...laid] });
  }

  get source() {
    return this.element.layout.images?.[0]?.source ?? null;
  }

  /** Draw the boxes. Where only a few shapes differ, only those are drawn again. */
  setShapes(shapes) {
    const before = this.#shapes;
    this.#shapes = shapes;
    const changed = shapes.map((_, index) => index).filter((index) => !sameShape(before[index], shapes[index]));
    if (before.length !== shapes.length || changed.length > 4) {
      Plotly.relayout(this.element, { shapes });
      return;
    }
    this.#fixSize();
    for (const index of changed) {
      // Changing a shape's path or corners makes plotly compute the whole figure again; its opacity does not. So
      // the shape is exchanged in place, and plotly is asked to draw that one for an opacity that stays as it is.
      this.element.layout.shapes[index] = { ...shapes[index] };
      Plotly.relayout(this.element, { [`shapes[${index}].opacity`]: 1 });
    }
  }

  /** Spare plotly measuring its room for each edit; a resize of the window takes the fixed size away again. */
  #fixSize() {
    const { layout, _fullLayout } = this.element;
    layout.width ??= _fullLayout.width;
    layout.height ??= _fullLayout.height;
  }

  /** The colour of the next box that is drawn. Through relayout it would cost a redraw. */
  setNewBoxColor(color) {
    for (const layout of [this.element.layout, this.element._fullLayout]) {
      if (layout.newshape?.line) layout.newshape.line.color = color;
    }
  }

  /** Let plotly end its drag without making a shape of it: the page makes the box, for the image it knows. */
  dropOutline() {
    this.element._fullLayout._outlining = false;
  }

  /** Take away the outline that plotly drew during a drag that was dropped. */
  clearOutline() {
    for (const outline of this.element.querySelectorAll(".zoomlayer .select-outline")) outline.remove();
  }

  /** Size of the plot area in CSS pixels. */
  area() {
    const { xaxis, yaxis } = this.element._fullLayout;
    return { width: xaxis._length, height: yaxis._length };
  }

  /** Where the plot area lies in the page: left, top, width and height in CSS pixels. */
  frame() {
    const { xaxis, yaxis } = this.element._fullLayout;
    const rect = this.element.getBoundingClientRect();
    return { left: rect.left + xaxis._offset, top: rect.top + yaxis._offset, width: xaxis._length, height: yaxis._length };
  }

  /** From a point of the page (clientX, clientY) to one of the picture. */
  toPicture(clientX, clientY) {
    const frame = this.frame();
    const { x, y } = this.ranges();
    return {
      x: x[0] + ((clientX - frame.left) / frame.width) * (x[1] - x[0]),
      y: y[1] + ((clientY - frame.top) / frame.height) * (y[0] - y[1]), // range[1] is at the top
    };
  }

  /** From a point of the picture to one of the plot area, in CSS pixels from its top-left corner. */
  toArea(point) {
    const { width, height } = this.area();
    const { x, y } = this.ranges();
    return { x: ((point.x - x[0]) / (x[1] - x[0])) * width, y: ((point.y - y[1]) / (y[0] - y[1])) * height };
  }

  /** Pixels of the picture per CSS pixel. */
  scale() {
    const { x } = this.ranges();
    return (x[1] - x[0]) / this.area().width;
  }

  ranges() {
    const { xaxis, yaxis } = this.element._fullLayout;
    return { x: xaxis.range, y: yaxis.range };
  }

  setRanges({ x, y }) {
    this.#fittedTo = null;
    return Plotly.relayout(this.element, { "xaxis.range": x, "yaxis.range": y });
  }

  fit() {
    if (!this.#picture) return;
    const area = this.area();
    this.setRanges(fitRanges(this.#picture, area));
    this.#fittedTo = area;
  }

  setDragMode(dragmode) {
    return Plotly.relayout(this.element, { dragmode });
  }

  /** Whether a point of the page is on the plot area and not on the modebar or something else. */
  isOver(target) {
    if (target.closest?.(".dragcover")) return true; // over the whole page while something is dragged
    return this.element.contains(target) && Boolean(target.closest?.(".draglayer, .shapelayer, .zoomlayer"));
  }

  /** A picture that is shown whole stays whole when the window changes. */
  #onDrawn() {
    const { width, height } = this.area();
    const fitted = this.#fittedTo;
    if (fitted && (fitted.width !== width || fitted.height !== height)) this.fit();
    this.handlers.viewChanged();
  }

  #onRelayout(change) {
    // Whatever plotly made of a gesture by itself is no box: the page knows every one.
    if (this.element.layout.shapes.length > this.#shapes.length) Plotly.relayout(this.element, { shapes: this.#shapes });
    if ("xaxis.range[0]" in change) this.#fittedTo = null; // plotly's own zoom and pan
    this.handlers.viewChanged();
    if (!this.#picture) return;
    const fitted = fitRanges(this.#picture, this.area());
    const { x } = this.ranges();
    if (x[1] - x[0] > (fitted.x[1] - fitted.x[0]) * FARTHEST) this.setRanges(fitted);
  }

  /** Plotly zooms by a tenth at most for each event, which is many notches to a pixel of a huge picture: twice then. */
  #onWheel(event) {
    if (event.isTrusted && Math.abs(event.deltaY) >= NOTCH_PX) event.target.dispatchEvent(new WheelEvent("wheel", event));
  }

  #onModebar(event) {
    const erase = event.target.closest(MODEBAR_ERASE);
    const reset = event.target.closest(MODEBAR_RESET);
    if (!erase && !reset) return;
    event.stopImmediatePropagation();
    if (erase) this.handlers.erase();
    else this.fit(); // plotly's own reset knows only the first picture's ranges
  }
}

function imageOf(source, picture) {
  const place = { xref: "x", yref: "y", x: 0, y: 0, sizex: picture.width, sizey: picture.height };
  return { source, ...place, sizing: "stretch", layer: "below" };
}

function sameShape(a, b) {
  return a && a.type === b.type && a.visible === b.visible && a.path === b.path && a.x0 === b.x0 && a.y0 === b.y0 &&
    a.x1 === b.x1 && a.y1 === b.y1 && a.line.color === b.line.color && a.fillcolor === b.fillcolor; // prettier-ignore
}

/** Wait until dcc.Graph has drawn the figure for the first time. */
export function firstDrawn(container) {
  return new Promise((resolve) => {
    const look = () => {
      const element = container()?.querySelector(".js-plotly-plot");
      if (element?._fullLayout?.xaxis?._length && element.querySelector(".nsewdrag")) resolve(element);
      else setTimeout(look, 15);
    };
    look();
  });
}
