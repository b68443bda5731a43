import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, emptyAnnotation, liveBoxes } from "../../assets/annotation.mjs";
import { Shapes, countsOf, localTime, plain, rowsOf } from "../../assets/projections.mjs";

const colors = new Map([["cat", "#ff0000"], ["dog", "#00ff00"]]);
const none = { colors, hidden: new Set(), selected: null, lifted: null };
const boxes = (count) =>
  Array.from({ length: count }, (_, n) => ({ id: `b${n}`, label: n % 2 ? "dog" : "cat", x0: n, y0: 0, x1: n + 5, y1: 9 }));
const drawn = (shapes) => shapes.filter((s) => s.type === "path").map((s) => s.path).join("").split("M").length - 1;

test("every box is in one path, and the selected one in the only rect", () => {
  const shapes = new Shapes().of(boxes(333), { ...none, selected: "b7" });
  assert.equal(drawn(shapes), 333);
  const rects = shapes.filter((shape) => shape.type === "rect");
  assert.deepEqual([rects.length, rects[0].visible, rects[0].x0, rects[0].line.color], [1, true, 7, "#00ff00"]);
  assert.equal(shapes.at(-1), rects[0]);
});

test("an edit changes one path and leaves the others as they are", () => {
  const shapes = new Shapes();
  const all = boxes(400);
  const before = shapes.of(all, none).map((shape) => shape.path);
  const edited = all.map((box) => (box.id === "b200" ? { ...box, x0: 0.5 } : box)).filter((box) => box.id !== "b3");
  const after = shapes.of([...edited, { ...all[0], id: "new" }], none).map((shape) => shape.path);
  assert.equal(after.length, before.length);
  assert.ok(after.filter((path, index) => path !== before[index]).length <= 3);
});

test("a relabelled box moves to a path of its new label", () => {
  const shapes = new Shapes();
  const [one] = boxes(1);
  shapes.of([one], none);
  const after = shapes.of([{ ...one, label: "dog" }], none).filter((shape) => shape.type === "path" && shape.visible);
  assert.deepEqual(after.map((shape) => shape.line.color), ["#00ff00"]);
});

test("hidden labels and a lifted box are not drawn", () => {
  assert.equal(drawn(new Shapes().of(boxes(10), { ...none, hidden: new Set(["cat"]) }).filter((s) => s.visible)), 5);
  assert.equal(drawn(new Shapes().of(boxes(10), { ...none, lifted: "b0" })), 9);
});

test("rows, store and counts say the same of an annotation", () => {
  const empty = emptyAnnotation("a.jpg", "ada", { width: 9, height: 9, error: "", url: "" });
  const annotation = boxes(3).reduce(
    (a, box, n) => apply(a, { id: `e${n}`, kind: "put", time: `2026-01-01T00:00:0${n}.000Z`, box }),
    empty,
  );
  const rows = rowsOf(annotation);
  assert.deepEqual(rows.map((row) => row.id), ["b0", "b1", "b2"]);
  assert.deepEqual(Object.keys(rows[0]), ["id", "image", "Type", "X0", "Y0", "X1", "Y1", "Timestamp"]);
  const stored = plain(annotation);
  assert.deepEqual(stored.boxes.map((box) => box.id), liveBoxes(annotation).map((box) => box.id));
  assert.deepEqual(Object.keys(stored.boxes[0]), ["id", "label", "x0", "y0", "x1", "y1", "created", "modified"]);
  assert.deepEqual([...countsOf(annotation)], [["cat", 2], ["dog", 1]]);
});

test("times are the hour today and the day before that", () => {
  const present = new Date(2026, 5, 7, 12, 0, 0);
  assert.equal(localTime(new Date(2026, 5, 7, 9, 8, 7).toISOString(), present), "09:08:07");
  assert.equal(localTime(new Date(2025, 11, 31, 9, 8, 7).toISOString(), present), "2025-12-31");
});
