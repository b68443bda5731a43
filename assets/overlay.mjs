// What moves with the pointer: the label's name, the hovered outline, corner handles, a box being moved, crosshair.
// Plain elements above the figure: they cost nothing, and plotly need not draw for them.

import { make } from "./dom.mjs";

const TAG_PX = 220; // as wide as a name may get in page.css

export class Overlay {
  #parts = {};

  constructor(container, plot) {
    this.container = container;
    this.plot = plot;
    for (const name of ["hover", "selected", "drag"]) {
      const outline = hiddenPart(`outline outline-${name}`, container);
      const tag = make("span", "tag", outline);
      const handles = name === "hover" ? [] : ["nw", "ne", "sw", "se"].map((c) => make("i", `handle handle-${c}`, outline));
      this.#parts[name] = { outline, tag, handles, box: null };
    }
    this.crossX = hiddenPart("cross cross-x", container);
    this.crossY = hiddenPart("cross cross-y", container);
    this.crosshair = false;
  }

  /** Show a box in one of the parts: "hover", "selected" or "drag"; null takes it away. */
  show(name, box, color, text = box?.label) {
    const part = this.#parts[name];
    part.box = box;
    if (box) {
      part.outline.style.setProperty("--box-color", color);
      part.tag.textContent = text;
    }
    this.#place(part);
  }

  /** Put everything where it belongs after the view has changed. */
  refresh() {
    const { width, height } = this.plot.area();
    if (this.width !== width || this.height !== height) {
      [this.width, this.height] = [width, height];
      Object.assign(this.container.style, { width: `${width}px`, height: `${height}px` });
    }
    for (const part of Object.values(this.#parts)) this.#place(part);
  }

  /** Move the crosshair to a point of the plot area; null hides it. */
  cross(point) {
    const shown = this.crosshair && point;
    this.crossX.hidden = this.crossY.hidden = !shown;
    if (!shown) return;
    this.crossX.style.transform = `translateY(${point.y}px)`;
    this.crossY.style.transform = `translateX(${point.x}px)`;
  }

  #place({ outline, tag, box }) {
    outline.hidden = !box;
    if (!box) return;
    const a = this.plot.toArea({ x: box.x0, y: box.y0 });
    const b = this.plot.toArea({ x: box.x1, y: box.y1 });
    Object.assign(outline.style, { transform: `translate(${a.x}px, ${a.y}px)`, width: `${b.x - a.x}px`, height: `${b.y - a.y}px` });
    tag.classList.toggle("tag-inside", a.y < 22);
    tag.classList.toggle("tag-right", a.x > this.width - TAG_PX);
  }
}

function hiddenPart(className, container) {
  const part = make("div", className, container);
  part.hidden = true;
  return part;
}
