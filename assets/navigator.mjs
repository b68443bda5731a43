// Going from image to image. Fast clicks add up; picture, boxes and table change in one step, when all are there and
// no drag is in progress. Whatever cannot be loaded leaves the present image on screen.

const AHEAD = 3;
const BEHIND = 1;

export class Navigator {
  #goals = [];
  #running = null; // the promise of what is under way

  /** `swap(entry, annotation, picture)` puts an image on screen; `fail(entry, error)` says why it could not. */
  constructor({ session, pictures, pointer, table, looks, swap, fail }) {
    Object.assign(this, { session, pictures, pointer, table, looks, swap, fail });
  }

  /** Go wherever `goal(batch)` stands the batch; goals add up in order. A goal that answers false moves nowhere. */
  go(goal) {
    if (!this.batch) return Promise.resolve(); // a key before the first image is there
    this.#goals.push(goal);
    this.#running ??= this.#run().finally(() => (this.#running = null));
    return this.#running;
  }

  /** Whether another image is on its way to the screen. */
  get busy() {
    return this.#running !== null;
  }

  async #run() {
    while (this.#goals.length) {
      const present = this.session.image;
      let entry = null;
      try {
        let stayed = true;
        while (this.#goals.length) stayed = (await this.#goals.shift()(this.batch)) === false && stayed;
        entry = this.batch.entry;
        if (!entry || (stayed && entry.id === present)) continue;
        const picture = await this.#prepare(entry);
        if (this.#goals.length) continue; // gone on meanwhile
        await this.session.settled();
        await this.table.settled();
        await this.pointer.idle();
        await this.session.settled(); // the drag that just ended may have drawn a box
        if (this.#goals.length) continue;
        const annotation = this.session.pictureOf(entry.id);
        if (!annotation) {
          this.#goals.push(() => true); // forgotten meanwhile, by an import or a change of names: once more
          continue;
        }
        this.swap(entry, annotation, picture);
        this.#prefetch();
      } catch (error) {
        this.batch?.goTo(present);
        this.fail(entry, error);
      }
    }
  }

  async #prepare(entry) {
    await this.#knowLooks(entry);
    const [annotation, picture] = await Promise.allSettled([this.session.load(entry.id), this.pictures.load(this.shownAddress(entry))]);
    if (annotation.status === "rejected") throw annotation.reason;
    return picture.status === "fulfilled" ? picture.value : null;
  }

  /** The address of the picture in the size that a screen needs, in the look that was chosen. */
  shownAddress(entry) {
    return `${entry.url}&fit=1${this.looks.query(entry.view)}`;
  }

  /** Which looks a picture has is known once the server has opened it; that matters only where one was chosen. */
  async #knowLooks(entry) {
    if (entry.opened || this.looks.isPlain) return;
    const { view } = await this.session.load(entry.id);
    Object.assign(entry, { view, opened: true });
  }

  #prefetch() {
    const { batch } = this;
    batch.readAhead().then(() => {
      for (const entry of batch.neighbours(AHEAD, BEHIND)) {
        // Failing is no matter here: it is asked again, and reported, when the person goes there.
        this.session.load(entry.id).catch(() => {});
        this.#knowLooks(entry).then(() => this.pictures.load(this.shownAddress(entry))).catch(() => {});
      }
    });
  }
}
