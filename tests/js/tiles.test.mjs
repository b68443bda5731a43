import assert from "node:assert/strict";
import { test } from "node:test";

import { isTiled, tilesIn } from "../../assets/tiles.mjs";

const HUGE = { width: 20_000, height: 15_001 };

test("a picture that is shown whole needs no tiles", () => {
  assert.deepEqual(tilesIn({ x: [0, 20_000], y: [0, 15_001] }, HUGE, 20_000 / 1000), []);
  assert.equal(isTiled({ width: 4000, height: 3000 }), false);
  assert.equal(isTiled(HUGE), true);
});

test("tiles cover what is seen, and nothing else, in the picture's own pixels", () => {
  const tiles = tilesIn({ x: [1000, 1700], y: [600, 1100] }, HUGE, 0.5);
  assert.deepEqual(tiles.map(({ level, left, top }) => [level, left, top]), [
    [0, 512, 512], [0, 1024, 512], [0, 1536, 512], [0, 512, 1024], [0, 1024, 1024], [0, 1536, 1024],
  ]); // prettier-ignore
});

test("tiles end where the picture ends, at each level", () => {
  for (const scale of [0.3, 1, 2.5, 7]) {
    const tiles = tilesIn({ x: [-500, 30_000], y: [-500, 30_000] }, HUGE, scale);
    assert.equal(tiles.reduce((sum, tile) => sum + tile.width * tile.height, 0), HUGE.width * HUGE.height);
    assert.ok(tiles.every(({ left, top, width, height }) => left + width <= HUGE.width && top + height <= HUGE.height));
  }
});

test("a level is never coarser than the screen, nor twice as fine", () => {
  for (const scale of [1, 1.9, 2, 3.9, 4]) {
    const [{ level }] = tilesIn({ x: [0, 10], y: [0, 10] }, HUGE, scale);
    assert.ok(2 ** level <= scale && scale < 2 ** (level + 1));
  }
});
