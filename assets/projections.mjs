// What is on the page, computed from the annotation: shapes of the figure, rows of the table, the store, counters.
// Pure: the same annotation gives the same page.

import { liveBoxes, stateOf } from "./annotation.mjs";

const BOXES_PER_SHAPE = 80;
const UNKNOWN_COLOR = "#9aa0a6";

/** A function of a box that is computed once for each: boxes are never changed, only exchanged. */
function perBox(compute) {
  const known = new WeakMap();
  return (box, ...rest) => {
    if (!known.has(box)) known.set(box, compute(box, ...rest));
    return known.get(box);
  };
}

/** Where a label has no colour: it left the batch's labels in the meantime. */
export const colorOf = (colors, label) => colors.get(label) ?? UNKNOWN_COLOR;

/**
 * The resting boxes as `path` shapes, some eighty of a label in one, and the selected box as the only `rect`, last.
 * A box keeps its path while the image is on screen, so that an edit changes one path and not all of them.
 */
export class Shapes {
  #pathOf = new Map(); // box id -> key of its path
  #paths = new Map(); // key -> {label, size}

  /** Forget the image: the next one gets its own paths. */
  clear() {
    this.#pathOf.clear();
    this.#paths.clear();
  }

  of(boxes, { colors, hidden, selected, lifted }) {
    const parts = new Map([...this.#paths.keys()].map((key) => [key, []]));
    for (const box of boxes) {
      const key = this.#place(box);
      if (!parts.has(key)) parts.set(key, []);
      if (!hidden.has(box.label) && box.id !== lifted) parts.get(key).push(pathOf(box));
    }
    const shapes = [...parts].map(([key, path]) => pathShape(path.join(""), colorOf(colors, this.#paths.get(key).label)));
    const chosen = boxes.find((box) => box.id === selected && !hidden.has(box.label) && box.id !== lifted);
    return [...shapes, rectShape(chosen, chosen && colorOf(colors, chosen.label))];
  }

  #place(box) {
    const known = this.#pathOf.get(box.id);
    if (known && this.#paths.get(known).label === box.label) return known;
    if (known) this.#paths.get(known).size -= 1;
    let number = 0;
    let key = `${number} ${box.label}`;
    while (this.#paths.get(key)?.size >= BOXES_PER_SHAPE) key = `${(number += 1)} ${box.label}`;
    const path = this.#paths.get(key) ?? { label: box.label, size: 0 };
    path.size += 1;
    this.#paths.set(key, path);
    this.#pathOf.set(box.id, key);
    return key;
  }
}

const pathOf = perBox((box) => `M${box.x0},${box.y0}H${box.x1}V${box.y1}H${box.x0}Z`);

function pathShape(path, color) {
  const line = { color, width: 2 };
  return { type: "path", path: path || "M0,0Z", visible: path !== "", line, fillcolor: "rgba(0,0,0,0)", editable: false, layer: "above", opacity: 1 };
}

function rectShape(box, color = UNKNOWN_COLOR) {
  const { x0, y0, x1, y1 } = box ?? { x0: 0, y0: 0, x1: 1, y1: 1 };
  const line = { color, width: 3 };
  return { type: "rect", x0, y0, x1, y1, visible: Boolean(box), line, fillcolor: `${color}26`, editable: false, layer: "above", opacity: 1 };
}

/** The rows of the table, in the order of drawing, so that a new one leaves the others where they are. `id` is the box's, `image` tells a late edit where it belongs. */
export function rowsOf(annotation) {
  return liveBoxes(annotation).map((box) => box_to_row(box, annotation.image));
}

const box_to_row = perBox((box, image) => {
  const { id, label, x0, y0, x1, y1, modified } = box;
  return { id, image, Type: label, X0: x0, Y0: y0, X1: x1, Y1: y1, Timestamp: localTime(modified) };
});

const plainBox = perBox(({ id, label, x0, y0, x1, y1, created, modified }) => ({
  id, label, x0, y0, x1, y1, created, modified,
})); // prettier-ignore

/** A time of the store (UTC) by the person's clock: the hour today, the day before that. */
export function localTime(time, present = new Date()) {
  const date = new Date(time);
  const two = (number) => String(number).padStart(2, "0");
  const day = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const hour = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return day(date) === day(present) ? hour : day(date);
}

/** An annotation as plain data: what `annotations-store` holds for each image, and `window.annotator.state()` returns. */
export function plain(annotation) {
  return {
    image: annotation.image,
    width: annotation.width,
    height: annotation.height,
    annotator: annotation.annotator,
    state: stateOf(annotation),
    reason: annotation.reason,
    boxes: liveBoxes(annotation).map((box) => plainBox(box)),
  };
}

/** How many boxes of each label. */
export function countsOf(annotation) {
  const counts = new Map();
  for (const box of liveBoxes(annotation)) counts.set(box.label, (counts.get(box.label) ?? 0) + 1);
  return counts;
}
