// Pictures on their way from the server, and decoded ones, kept so that the next image is ready before it is asked for.

const AGAIN_AFTER_MS = [2000, 6000, 18_000]; // what is too much for the server, or down, may pass

/**
 * So many pictures at once and no more. Browsers open six connections to a server: if pictures that are long in coming
 * had them all, edits would wait.
 */
export class Lanes {
  #free;
  #waiting = []; // what wakes those who wait for a lane, in turn
  #shown = new WeakMap(); // image element -> {address, stop}

  constructor(count) {
    this.#free = count;
  }

  /** Let an image element load an address as soon as there is a lane. Rejects if it cannot, or when `signal` says stop. */
  async load(image, address, signal) {
    const stopped = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
    await Promise.race([this.#lane(signal), stopped]);
    try {
      image.src = address;
      await Promise.race([image.decode(), stopped]);
    } catch (error) {
      if (signal.aborted) image.removeAttribute("src"); // lets go of the connection
      throw error;
    } finally {
      this.#free += 1;
      this.#waiting.shift()?.();
    }
  }

  /** Let an image element show an address, or nothing; what it waited for until now is given up. */
  show(image, address) {
    const before = this.#shown.get(image);
    if (before && before.address === address) return;
    before?.stop.abort();
    this.#shown.delete(image);
    image.removeAttribute("src"); // or the last picture stays until this one is there
    if (!address) return;
    const stop = new AbortController();
    this.#shown.set(image, { address, stop });
    this.#persist(image, address, stop.signal);
  }

  /** Load, and some times again where that fails; the element's own `error` and `load` tell whoever wants to know. */
  async #persist(image, address, signal) {
    for (const pause of [...AGAIN_AFTER_MS, 0]) {
      const isHere = await this.load(image, address, signal).then(() => true, () => false);
      if (isHere || signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (signal.aborted) return;
    }
  } // prettier-ignore

  #lane(signal) {
    const take = () => void (this.#free -= 1);
    if (this.#free > 0) return take();
    return new Promise((resolve) => {
      const go = () => resolve(take());
      this.#waiting.push(go);
      signal.addEventListener("abort", () => (this.#waiting = this.#waiting.filter((one) => one !== go)), { once: true });
    });
  }
}

/** The pictures that were used last, decoded. */
export class PictureCache {
  #kept = new Map(); // address -> {picture: promise of a decoded Image, stop, isHere}; the last used last

  constructor(most, lanes) {
    Object.assign(this, { most, lanes });
  }

  /** The decoded picture at an address; rejects if the browser cannot show it, or with an AbortError if it is given up. */
  load(address) {
    const known = this.#kept.get(address) ?? this.#begin(address);
    this.#kept.delete(address);
    this.#kept.set(address, known);
    if (this.#kept.size > this.most) this.#forget(this.#kept.keys().next().value);
    return known.picture;
  }

  /** As `load`, before all others, unless it is here already. */
  loadFirst(address) {
    if (!this.#kept.get(address)?.isHere) this.only([address]);
    return this.load(address);
  }

  /** Give up what is on its way, but for some addresses. */
  only(addresses) {
    for (const [address, { isHere }] of [...this.#kept]) if (!isHere && !addresses.includes(address)) this.#forget(address);
  }

  #begin(address) {
    const image = new Image();
    const stop = new AbortController();
    const entry = { picture: this.lanes.load(image, address, stop.signal).then(() => image), stop, isHere: false };
    entry.picture.then(
      () => (entry.isHere = true),
      () => this.#kept.get(address) === entry && this.#kept.delete(address), // so that it is tried again
    );
    return entry;
  }

  #forget(address) {
    this.#kept.get(address).stop.abort();
    this.#kept.delete(address);
  }
}
