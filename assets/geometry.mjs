// Boxes as pure geometry: pixels of the upright picture, origin at its top-left corner (see data/boxes.py).

export const SMALLEST_PX = 1;

/** Hundredths of a pixel: finer than any screen shows, and short to read and to send. */
export const round = (value) => Math.round(value * 100) / 100;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Corners of the box between two points, clipped to the picture; null if less than a pixel is left. */
export function cornersBetween(a, b, picture) {
  const x0 = round(clamp(Math.min(a.x, b.x), 0, picture.width));
  const x1 = round(clamp(Math.max(a.x, b.x), 0, picture.width));
  const y0 = round(clamp(Math.min(a.y, b.y), 0, picture.height));
  const y1 = round(clamp(Math.max(a.y, b.y), 0, picture.height));
  return x1 - x0 < SMALLEST_PX || y1 - y0 < SMALLEST_PX ? null : { x0, y0, x1, y1 };
}

/** The box moved by dx, dy pixels as far as the picture goes; its size stays. */
export function moved(box, dx, dy, picture) {
  const x = clamp(dx, -box.x0, picture.width - box.x1);
  const y = clamp(dy, -box.y0, picture.height - box.y1);
  return { ...box, x0: round(box.x0 + x), y0: round(box.y0 + y), x1: round(box.x1 + x), y1: round(box.y1 + y) };
}

/**
 * The box with the named edges moved by dx, dy pixels: "n", "e", "s", "w" or a corner such as "nw".
 * Edges stop at the picture's and a pixel before each other.
 */
export function resized(box, edges, dx, dy, picture) {
  const result = { ...box };
  if (edges.includes("w")) result.x0 = round(clamp(box.x0 + dx, 0, box.x1 - SMALLEST_PX));
  if (edges.includes("e")) result.x1 = round(clamp(box.x1 + dx, box.x0 + SMALLEST_PX, picture.width));
  if (edges.includes("n")) result.y0 = round(clamp(box.y0 + dy, 0, box.y1 - SMALLEST_PX));
  if (edges.includes("s")) result.y1 = round(clamp(box.y1 + dy, box.y0 + SMALLEST_PX, picture.height));
  return result;
}

export const sameCorners = (a, b) => a.x0 === b.x0 && a.y0 === b.y0 && a.x1 === b.x1 && a.y1 === b.y1;

export const area = (box) => (box.x1 - box.x0) * (box.y1 - box.y0);

export const contains = (box, point, slack = 0) =>
  point.x >= box.x0 - slack && point.x <= box.x1 + slack && point.y >= box.y0 - slack && point.y <= box.y1 + slack;

/** The boxes at a point, smallest first. `slack` is how far outside still counts, in pixels of the picture. */
export function boxesAt(boxes, point, slack = 0) {
  return boxes.filter((box) => contains(box, point, slack)).sort((a, b) => area(a) - area(b));
}

/** What to select on a click: the smallest box there, or the one after the selected one if that is there too. */
export function pick(boxes, point, slack, selectedId) {
  const hit = boxesAt(boxes, point, slack);
  const at = hit.findIndex((box) => box.id === selectedId);
  return hit.length === 0 ? null : hit[(at + 1) % hit.length].id;
}

/** The corner of a box within `slack` of a point, or null. The nearest one, since small boxes have all four near. */
export function cornerAt(box, point, slack) {
  const corners = [
    ["nw", box.x0, box.y0],
    ["ne", box.x1, box.y0],
    ["sw", box.x0, box.y1],
    ["se", box.x1, box.y1],
  ];
  let best = null;
  let least = slack;
  for (const [name, x, y] of corners) {
    const distance = Math.max(Math.abs(point.x - x), Math.abs(point.y - y));
    if (distance <= least) [best, least] = [name, distance];
  }
  return best;
}

/** The edge of a box that is nearest to a point: "n", "e", "s" or "w". */
export function edgeNearest(box, point) {
  const distances = {
    w: Math.abs(point.x - box.x0),
    e: Math.abs(point.x - box.x1),
    n: Math.abs(point.y - box.y0),
    s: Math.abs(point.y - box.y1),
  };
  return Object.keys(distances).reduce((best, name) => (distances[name] < distances[best] ? name : best), "w");
}

/** Axis ranges that show the whole picture in an area of the given size, with the same scale in x and y. */
export function fitRanges(picture, area) {
  const scale = Math.max(picture.width / area.width, picture.height / area.height);
  const padX = (area.width * scale - picture.width) / 2;
  const padY = (area.height * scale - picture.height) / 2;
  return { x: [-padX, picture.width + padX], y: [picture.height + padY, -padY] };
}

/** Ranges zoomed by a factor (below 1 comes nearer) about a point of the picture. */
export function zoomedRanges(ranges, factor, centre) {
  const about = (value, middle) => middle + (value - middle) * factor;
  return { x: ranges.x.map((v) => about(v, centre.x)), y: ranges.y.map((v) => about(v, centre.y)) };
}

/** A box of a quarter of the view, in its middle and inside the picture: for drawing by keyboard. */
export function boxInView(ranges, picture) {
  const [left, right] = [Math.max(0, ranges.x[0]), Math.min(picture.width, ranges.x[1])];
  const [top, bottom] = [Math.max(0, ranges.y[1]), Math.min(picture.height, ranges.y[0])];
  const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  const [halfX, halfY] = [(right - left) / 8, (bottom - top) / 8];
  return cornersBetween(
    { x: Math.round(middleX - halfX), y: Math.round(middleY - halfY) },
    { x: Math.round(middleX + halfX), y: Math.round(middleY + halfY) },
    picture,
  );
}
