// Decoded pictures, kept so that the browser keeps them too: the next image is ready before it is asked for.

export class PictureCache {
  #kept = new Map(); // address -> promise of a decoded Image; the last used last
  #most;

  constructor(most) {
    this.#most = most;
  }

  /** The decoded picture at an address; rejects if the browser cannot show it. */
  load(address) {
    const known = this.#kept.get(address);
    this.#kept.delete(address);
    const picture = known ?? decode(address);
    this.#kept.set(address, picture);
    if (this.#kept.size > this.#most) this.#kept.delete(this.#kept.keys().next().value);
    picture.catch(() => this.#kept.delete(address)); // so that it is tried again
    return picture;
  }
}

async function decode(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}
