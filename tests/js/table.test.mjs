import assert from "node:assert/strict";
import { test } from "node:test";
import { changesBetween, row_to_box } from "../../assets/table.mjs";
import { keepsKeys, keyName } from "../../assets/keyboard.mjs";

const box = { id: "b", label: "cat", x0: 10, y0: 20, x1: 30, y1: 40 };
const picture = { width: 100, height: 80 };
const labels = new Map([["cat", "#f00"], ["dog", "#0f0"]]);
const set = (column, value) => row_to_box(box, { column, value }, picture, labels);

test("only the difference of rows counts", () => {
  const before = [{ id: "a", image: "i", Type: "cat", X0: 1 }, { id: "b", image: "i", Type: "cat", X0: 2 }];
  assert.deepEqual(changesBetween([{ ...before[0], X0: "7" }, before[1]], before), [{ image: "i", id: "a", column: "X0", value: "7" }]);
  assert.deepEqual(changesBetween([before[1]], before), [{ image: "i", id: "a", deleted: true }]);
  assert.deepEqual(changesBetween(before, before), []);
  assert.deepEqual(changesBetween(undefined, null), []);
});

test("a cell's value becomes a corner or a label", () => {
  assert.deepEqual(set("X0", " 12.5 "), { ...box, x0: 12.5 });
  assert.deepEqual(set("Y1", 80), { ...box, y1: 80 });
  assert.deepEqual(set("Type", "dog"), { ...box, label: "dog" });
  assert.equal(set("X0", "10"), box);
});

for (const [column, value, says] of [
  ["X0", "", /no number/], ["X0", null, /no number/], ["X0", "abc", /no number/], ["X0", "Infinity", /no number/],
  ["X1", "101", /outside the picture, which goes from 0 to 100/], ["Y0", "-0.1", /outside/], ["Y1", "81", /0 to 80/],
  ["X0", "29.5", /turn the box over/], ["Y1", "20", /turn the box over/], ["Type", "cow", /no label/],
]) {
  test(`${column} = ${JSON.stringify(value)} is refused: ${says}`, () => assert.match(set(column, value).problem, says));
}

test("keys are named as layout/keys.py writes them", () => {
  const key = (key, more = {}) => keyName({ key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });
  assert.equal(key("D"), "d");
  assert.equal(key("z", { metaKey: true, shiftKey: true }), "mod+shift+z");
  assert.equal(key("ArrowUp", { shiftKey: true, altKey: true }), "shift+alt+arrowup");
  assert.equal(key("é", { code: "Digit2" }), "2"); // the digit row of a French keyboard
});

test("keys belong to the page only where nothing else wants them", () => {
  assert.equal(keepsKeys(null, "d"), false);
});
