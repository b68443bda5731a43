import assert from "node:assert/strict";
import { test } from "node:test";
import * as g from "../../assets/geometry.mjs";

const picture = { width: 640, height: 480 };
const box = { id: "b", label: "cat", x0: 100, y0: 80, x1: 220, y1: 200 };

test("corners are sorted, clipped and rounded to hundredths", () => {
  assert.deepEqual(g.cornersBetween({ x: 700, y: 10.006 }, { x: 3.333, y: -5 }, picture), { x0: 3.33, y0: 0, x1: 640, y1: 10.01 });
});

test("less than a pixel is no box", () => {
  assert.equal(g.cornersBetween({ x: 10, y: 10 }, { x: 10.9, y: 50 }, picture), null);
  assert.equal(g.cornersBetween({ x: -50, y: 10 }, { x: 0.5, y: 50 }, picture), null);
  assert.deepEqual(g.cornersBetween({ x: 10, y: 10 }, { x: 11, y: 11 }, picture), { x0: 10, y0: 10, x1: 11, y1: 11 });
});

test("a moved box keeps its size and stays in the picture", () => {
  for (const [dx, dy] of [[5, 5], [-500, 0], [0, 900], [900, -900]]) {
    const result = g.moved(box, dx, dy, picture);
    assert.equal(g.round(result.x1 - result.x0), 120);
    assert.equal(g.round(result.y1 - result.y0), 120);
    assert.ok(result.x0 >= 0 && result.y0 >= 0 && result.x1 <= 640 && result.y1 <= 480);
  }
});

test("a resized box never turns over", () => {
  assert.deepEqual(g.resized(box, "nw", 500, 500, picture), { ...box, x0: 219, y0: 199 });
  assert.deepEqual(g.resized(box, "se", -500, 900, picture), { ...box, x1: 101, y1: 480 });
  assert.deepEqual(g.resized(box, "e", 10, 99, picture), { ...box, x1: 230 });
});

test("picking goes from the smallest box to the ones under it and round again", () => {
  const inner = { ...box, id: "inner", x0: 130, y0: 110, x1: 160, y1: 140 };
  const at = { x: 145, y: 125 };
  assert.equal(g.pick([box, inner], at, 0, null), "inner");
  assert.equal(g.pick([box, inner], at, 0, "inner"), "b");
  assert.equal(g.pick([box, inner], at, 0, "b"), "inner");
  assert.equal(g.pick([box, inner], { x: 1, y: 1 }, 5, "b"), null);
  assert.equal(g.pick([box, inner], { x: 97, y: 100 }, 5, null), "b");
});

test("the nearest corner and edge are found", () => {
  assert.equal(g.cornerAt(box, { x: 103, y: 78 }, 8), "nw");
  assert.equal(g.cornerAt(box, { x: 219, y: 205 }, 8), "se");
  assert.equal(g.cornerAt(box, { x: 160, y: 140 }, 8), null);
  assert.equal(g.edgeNearest(box, { x: 215, y: 140 }), "e");
  assert.equal(g.edgeNearest(box, { x: 160, y: 90 }), "n");
});

test("fitted ranges show the whole picture at one scale", () => {
  const { x, y } = g.fitRanges(picture, { width: 800, height: 800 });
  assert.ok(x[0] <= 0 && x[1] >= 640 && y[0] >= 480 && y[1] <= 0);
  assert.equal((x[1] - x[0]) / 800, (y[0] - y[1]) / 800);
});

test("zooming keeps the point that it is about", () => {
  const ranges = { x: [0, 640], y: [480, 0] };
  const zoomed = g.zoomedRanges(ranges, 0.5, { x: 160, y: 120 });
  assert.deepEqual(zoomed, { x: [80, 400], y: [300, 60] });
});

test("a box for the keyboard lies in the view and in the picture", () => {
  assert.deepEqual(g.boxInView({ x: [-100, 740], y: [480, 0] }, picture), { x0: 240, y0: 180, x1: 400, y1: 300 });
});
