// Which tiles of a huge picture a screen needs; data/tiles.py cuts them.

import { PictureCache } from "./pictures.mjs";

const TILE_PX = 512;
const SCREEN_PX = 2048; // the picture is there whole in this size
const FROM_PX = 30_000_000; // smaller pictures are sent whole when somebody zooms in

/** Whether a picture is shown in tiles. */
export const isTiled = ({ width, height }) => width * height > FROM_PX;

/**
 * The tiles for a stretch of a picture, `x` and `y` from low to high in its pixels, on a screen with `scale` pixels of the
 * picture to one of its own: [{level, column, row, left, top, width, height}]. None where the whole is fine enough.
 */
export function tilesIn({ x, y }, { width, height }, scale) {
  const level = Math.max(0, Math.floor(Math.log2(scale)));
  if (Math.max(width, height) / 2 ** level <= SCREEN_PX) return [];
  const side = TILE_PX * 2 ** level;
  const tiles = [];
  for (let top = Math.floor(Math.max(y[0], 0) / side) * side; top < Math.min(y[1], height); top += side) {
    for (let left = Math.floor(Math.max(x[0], 0) / side) * side; left < Math.min(x[1], width); left += side) {
      const size = { width: Math.min(side, width - left), height: Math.min(side, height - top) };
      tiles.push({ level, column: left / side, row: top / side, left, top, ...size });
    }
  }
  return tiles;
}

const SETTLED_MS = 80; // after the last step of a zoom or pan
const SHOWN_EVERY_MS = 120; // while tiles arrive
const KEPT_TILES = 200;

/** Lays the tiles that the present view needs over the picture. */
export class TileLayer {
  #pictures;
  #timer = null;
  #wanted = ""; // the addresses of the tiles that are laid or under way

  /** `warn(text)` tells a person; `pointer.idle()` waits for the end of a gesture. */
  constructor({ lanes, plot, pointer, looks, warn }) {
    Object.assign(this, { plot, pointer, looks, warn });
    this.#pictures = new PictureCache(KEPT_TILES, lanes);
  }

  /** Another picture is on screen, without tiles. */
  clear() {
    clearTimeout(this.#timer);
    this.#wanted = "";
    this.#pictures.only([]);
  }

  /** The view may have changed: look a moment later, when it has settled. */
  look(entry, picture) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lay(entry, picture), SETTLED_MS);
  }

  async #lay(entry, picture) {
    const { x, y } = this.plot.ranges();
    const tiles = tilesIn({ x, y: [y[1], y[0]] }, picture, this.plot.scale() / devicePixelRatio);
    for (const tile of tiles) tile.source = `${entry.tiles}&level=${tile.level}&x=${tile.column}&y=${tile.row}${this.looks.query(picture.view)}`;
    const wanted = tiles.map(({ source }) => source).join(" ");
    if (wanted === this.#wanted || this.plot.image !== entry.id) return;
    this.#wanted = wanted;
    this.#pictures.only(tiles.map(({ source }) => source));
    const current = () => wanted === this.#wanted && this.plot.image === entry.id;
    const loaded = [];
    const show = async () => {
      await this.pointer.idle();
      if (current()) this.plot.setTiles(loaded);
    };
    const timer = setInterval(() => loaded.length && show(), SHOWN_EVERY_MS);
    const outcomes = await Promise.allSettled(
      tiles.map((tile) => this.#pictures.load(tile.source).then((image) => loaded.push({ ...tile, source: image.src }))),
    );
    clearInterval(timer);
    await show();
    if (!current() || !outcomes.some(({ status }) => status === "rejected")) return;
    this.#wanted = ""; // the next move tries again
    this.warn("The finer picture cannot be loaded; the coarser one stays.");
  }
}
