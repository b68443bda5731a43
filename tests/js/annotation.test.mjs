import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, emptyAnnotation, inverse, liveBoxes, merge, stateOf, timeAfter } from "../../assets/annotation.mjs";

const empty = emptyAnnotation("a.jpg", "ada", { width: 640, height: 480, error: "", url: "" });
const time = (second) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;
const put = (second, id, x0 = 1, edit = `e${second}`) => ({
  id: edit, image: "a.jpg", kind: "put", time: time(second), box: { id, label: "cat", x0, y0: 1, x1: 50, y1: 50 },
});
const remove = (second, id) => ({ id: `e${second}`, image: "a.jpg", kind: "delete", time: time(second), box_id: id });
const say = (second, state) => ({ id: `e${second}`, image: "a.jpg", kind: "state", time: time(second), state });
const after = (...edits) => edits.reduce(apply, empty);
const seen = (annotation) => [stateOf(annotation), liveBoxes(annotation).map((b) => [b.id, b.x0, b.created, b.modified]).sort()];

function permutations(list) {
  if (list.length < 2) return [list];
  return list.flatMap((item, i) => permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [item, ...rest]));
}

test("edits add up to the same in whatever order and however often they arrive", () => {
  const edits = [put(1, "a"), put(2, "a", 9), remove(3, "b"), put(4, "b"), say(5, "done")];
  const expected = seen(after(...edits));
  for (const order of permutations(edits)) {
    assert.deepEqual(seen(after(...order)), expected);
    assert.deepEqual(seen(after(...order, ...order)), expected);
  }
});

test("merging two copies gives what either has seen", () => {
  const edits = [put(1, "a"), put(2, "a", 9), put(3, "c"), remove(4, "c"), put(5, "b"), say(6, "skipped"), put(7, "d")];
  const expected = seen(after(...edits));
  for (let mask = 0; mask < 2 ** edits.length; mask += 1) {
    const mine = after(...edits.filter((_, i) => mask & (1 << i)));
    const theirs = after(...edits.filter((_, i) => !(mask & (1 << i))));
    assert.deepEqual(seen(merge(mine, theirs)), expected);
    assert.deepEqual(seen(merge(theirs, mine)), expected);
  }
});

test("of two edits at one time the greater id wins", () => {
  assert.equal(liveBoxes(after(put(1, "a", 5, "e-b"), put(1, "a", 7, "e-a")))[0].x0, 5);
});

test("a removed box stays removed until a later put", () => {
  assert.equal(liveBoxes(after(put(1, "a"), remove(3, "a"), put(2, "a"))).length, 0);
  assert.equal(liveBoxes(after(put(1, "a"), remove(3, "a"), put(4, "a"))).length, 1);
});

test("boxes make todo and skipped images in progress; done stays done", () => {
  assert.equal(stateOf(empty), "todo");
  assert.equal(stateOf(after(put(1, "a"))), "in progress");
  assert.equal(stateOf(after(say(1, "skipped"), put(2, "a"))), "in progress");
  assert.equal(stateOf(after(put(1, "a"), say(2, "skipped"))), "skipped");
  assert.equal(stateOf(after(say(1, "done"), put(2, "a"))), "done");
  assert.equal(stateOf(after(put(1, "a"), say(2, "todo"))), "todo");
});

test("the inverse of operations undoes them, each kind", () => {
  const before = after(put(1, "a"), put(2, "b"), say(3, "done"));
  const operations = [
    { kind: "put", box: { id: "a", label: "dog", x0: 5, y0: 1, x1: 50, y1: 50 } },
    { kind: "delete", box_id: "b" },
    { kind: "put", box: { id: "new", label: "cat", x0: 1, y0: 1, x1: 9, y1: 9 } },
    { kind: "state", state: "skipped" },
  ];
  const give = (list, start) => list.map((o, i) => ({ ...o, id: `u${start + i}`, image: "a.jpg", time: time(start + i) }));
  const changed = give(operations, 10).reduce(apply, before);
  const undone = give(inverse(before, operations), 20).reduce(apply, changed);
  const bare = (annotation) => [stateOf(annotation), liveBoxes(annotation).map((b) => [b.id, b.label, b.x0])];
  assert.deepEqual(bare(undone), bare(before));
});

test("an edit's time is after all that was seen, whatever the clock says", () => {
  const annotation = after(put(30, "a"), say(40, "done"));
  assert.equal(timeAfter(annotation, Date.parse(time(10)), ""), "2026-01-01T00:00:40.001Z");
  assert.equal(timeAfter(annotation, Date.parse(time(50)), ""), time(50));
  assert.equal(timeAfter(annotation, Date.parse(time(50)), time(50)), "2026-01-01T00:00:50.001Z");
});
