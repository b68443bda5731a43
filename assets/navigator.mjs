// Going from image to image. Fast clicks add up; picture, boxes and table change in one step, when all are there and
// no drag is in progress. Whatever cannot be loaded leaves the present image on screen.

const AHEAD = 3;
const BEHIND = 1;
const FETCHED_AT_ONCE = 2;
const SLOW_MS = 400; // whoever waits for longer is told for what

export class Navigator {
  #goals = [];
  #running = null; // the promise of what is under way
  #called = () => {}; // wakes whoever waits for a picture
  #asked = new Map(); // image id -> what stops the question for its annotation
  #ahead = null; // whose turn it is to fetch ahead; nobody's while the person goes on
  shown = null; // the entry of the image on screen; the batch may stand at the next already, which is on its way

  /**
   * `swap(entry, annotation, picture)` puts an image on screen; `fail(entry, error)` says why it could not;
   * `slow(entry)` hears which one takes its time, and null when it is there or nobody waits for it any more.
   */
  constructor({ session, pictures, tiles, pointer, table, looks, swap, fail, slow }) {
    Object.assign(this, { session, pictures, tiles, pointer, table, looks, swap, fail, slow });
  }

  /** Go wherever `goal(batch)` stands the batch; goals add up in order. A goal that answers false moves nowhere. */
  go(goal) {
    if (!this.batch) return Promise.resolve(); // a key before the first image is there
    this.#goals.push(goal);
    this.#ahead = null;
    this.#called();
    this.#running ??= this.#run().finally(() => (this.#running = null));
    return this.#running;
  }

  /** Whether another image is on its way to the screen. */
  get busy() {
    return this.#running !== null;
  }

  async #run() {
    let back = this.#place();
    while (this.#goals.length) {
      const present = this.session.image;
      let entry = null;
      try {
        let stayed = true;
        while (this.#goals.length) stayed = (await this.#goals.shift()(this.batch)) === false && stayed;
        entry = this.batch.entry;
        if (!entry || (stayed && entry.id === present)) continue;
        const { chosen } = this.looks;
        const picture = await this.#unlessCalled(entry, this.#prepare(entry));
        if (this.#goals.length) continue; // gone on meanwhile
        await this.session.settled();
        await this.table.settled();
        await this.pointer.idle();
        await this.session.settled(); // the drag that just ended may have drawn a box
        if (this.#goals.length) continue;
        const annotation = this.session.pictureOf(entry.id);
        if (!annotation || chosen !== this.looks.chosen) {
          this.#goals.push(() => true); // another name, an import or another look meanwhile: once more
          continue;
        }
        this.shown = entry;
        this.swap(entry, annotation, picture);
        back = this.#place();
        this.#prefetch();
      } catch (error) {
        back();
        this.fail(entry, error);
      }
    }
  }

  /** A way back to where the batch stands now. */
  #place() {
    const { batch } = this;
    const { place } = batch;
    return () => batch === this.batch && (batch.place = place);
  }

  /** What is prepared, or nothing as soon as the person goes on: a slow picture holds nobody. */
  async #unlessCalled(entry, prepared) {
    const timer = setTimeout(() => this.slow(entry), SLOW_MS);
    const called = new Promise((resolve) => (this.#called = resolve));
    try {
      return await Promise.race([prepared, called]);
    } finally {
      clearTimeout(timer);
      this.slow(null);
    }
  }

  /** Boxes and picture of an image, which may be {error, passing}: why there is none, and whether that may pass. */
  async #prepare(entry) {
    if (!this.session.pictureOf(entry.id)) this.#giveUp(entry.id);
    await this.#knowLooks(entry);
    const address = this.shownAddress(entry);
    this.tiles.clear();
    const [annotation, picture] = await Promise.allSettled([this.#annotation(entry), this.pictures.loadFirst(address)]);
    if (annotation.status === "rejected") throw annotation.reason;
    if (picture.status === "fulfilled") return picture.value;
    if (picture.reason.name === "AbortError") throw picture.reason; // given up: nobody wants to know
    const { error } = annotation.value;
    return error ? { error } : this.session.server.whyNot(address);
  }

  /** The address of the picture in the size that a screen needs, in the look that was chosen. */
  shownAddress(entry) {
    return `${entry.url}&fit=1${this.looks.query(entry.view)}`;
  }

  /** Which looks a picture has is known once the server has opened it; that matters only where one was chosen. */
  async #knowLooks(entry) {
    if (entry.opened || this.looks.isPlain) return;
    const { view } = await this.#annotation(entry);
    Object.assign(entry, { view, opened: true });
  }

  /** Fetch what is near, the next images first and few at once: the others would take the server's time from them. */
  async #prefetch() {
    const turn = (this.#ahead = {});
    await this.batch.readAhead();
    const near = this.batch.neighbours(AHEAD, BEHIND);
    const fetch = async () => {
      while (near.length && turn === this.#ahead) await this.#fetch(near.shift());
    };
    for (let n = 0; n < FETCHED_AT_ONCE; n += 1) fetch();
  }

  /** An annotation; the server may have to open the picture first, to know its size. */
  async #annotation(entry) {
    const stop = new AbortController();
    this.#asked.set(entry.id, stop);
    return this.session.load(entry.id, stop.signal).finally(() => this.#asked.get(entry.id) === stop && this.#asked.delete(entry.id));
  }

  /** Ask for no other image any more: each question has a connection, of which a browser opens six. */
  #giveUp(butFor) {
    for (const [image, stop] of this.#asked) if (image !== butFor) stop.abort();
  }

  /** Failing is no matter here: it is asked again, and reported, when the person goes there. */
  async #fetch(entry) {
    try {
      await this.#knowLooks(entry);
      const { error } = await this.#annotation(entry);
      if (!error) await this.pictures.load(this.shownAddress(entry));
    } catch {
      return; // as said above
    }
  }
}
