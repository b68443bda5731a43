import assert from "node:assert/strict";
import test from "node:test";

import { Looks } from "../../assets/looks.mjs";

function looks(kept = null) {
  const memory = { value: kept, get: () => memory.value, set: (_, value) => (memory.value = value) };
  const made = new Looks({ memory, setProps: () => {}, changed: () => (made.changes = (made.changes ?? 0) + 1) });
  return made;
}

const stack = { pages: 5, channels: 3, bits: 16, names: [] };

test("an ordinary picture is asked for as it is, whatever was chosen", () => {
  const one = looks('{"page": 3, "channel": 2, "low": 1, "high": 90}');
  assert.equal(one.query(null), "");
  assert.equal(one.isPlain, false);
  assert.equal(looks().isPlain, true);
});

test("each picture takes of the choice what it has", () => {
  const one = looks('{"page": 4, "channel": 2, "low": 0.5, "high": 90}');
  assert.equal(one.query(stack), "&page=4&channel=2&high=90");
  assert.equal(one.query({ pages: 2, channels: 1, bits: 16, names: [] }), "&page=2&high=90");
});

test("what a picture cannot show does not change the choice", () => {
  const one = looks('{"page": 4, "channel": 2}');
  one.view = { pages: 2, channels: 1, bits: 8, names: [] };
  one.choose({ page: 2, channel: "0", low: 0.5, high: 99.5 }); // what its controls say by themselves
  assert.equal(one.changes, undefined);
  one.choose({ page: 1, channel: "0", low: 0.5, high: 99.5 });
  assert.deepEqual(one.chosen, { page: 1, channel: 2, low: 0.5, high: 99.5 });
  assert.equal(one.changes, 1);
});

test("numbers that cannot be are passed over", () => {
  const one = looks();
  one.view = stack;
  for (const wrong of [{ page: null }, { page: 1.5 }, { low: 60, high: 50 }, { channel: "x" }]) {
    one.choose({ page: 1, channel: "0", low: 0.5, high: 99.5, ...wrong });
  }
  assert.equal(one.changes, undefined);
});

test("a page beyond the last is the last", () => {
  const one = looks();
  one.view = stack;
  one.choose({ page: 9, channel: "0", low: 0.5, high: 99.5 });
  assert.equal(one.chosen.page, 5);
  one.choose({ page: 0, channel: "0", low: 0.5, high: 99.5 });
  assert.equal(one.chosen.page, 1);
});

test("pages are turned as far as there are any", () => {
  const one = looks();
  one.view = stack;
  assert.equal(one.turn(-1), false);
  for (let n = 0; n < 9; n += 1) one.turn(1);
  assert.equal(one.chosen.page, 5);
  assert.equal(one.turn(1), false);
});
