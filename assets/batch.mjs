// The place in the batch: a window of images around the present one, never the whole list.

const BEFORE = 24; // as many as the strip shows at the end of the batch
const AFTER = 40;
const NEAR_THE_EDGE = 10;

export class Batch {
  entries = []; // {id, ordinal, state, boxes, url, thumbnail}; ordinal is null for one that the filter leaves out
  at = 0; // index in entries of the image that is shown, or about to be
  total = 0;
  size = 0;
  counts = {};
  indexing = false; // whether the server is still listing the source
  problem = ""; // why it cannot list it
  gone = ""; // which images with work on them vanished from it
  filter = { state: "all", search: "", query: "", order: "position" }; // the last two come from the gallery
  #refilling = null;

  readAt = 0; // when the server answered last, as performance.now() has it
  stale = false; // whether the counters came from the server while edits were still on their way to it
  #noted = 0;

  /** `unsaved()` says whether edits are on their way to the server. */
  constructor(server, annotator, unsaved = () => false) {
    Object.assign(this, { server, annotator, unsaved });
  }

  /** Where one stands, and in which list; to go back there if an image cannot be shown. */
  get place() {
    const { entries, at, total, filter } = this;
    return { entries, id: entries[at]?.id, at, total, filter };
  }

  set place({ entries, id, at, total, filter }) {
    Object.assign(this, { entries, at, total, filter });
    this.goTo(id); // an entry may have come before it since
  }

  get entry() {
    return this.entries[this.at] ?? null;
  }

  /** Read the window around an image ("" for where the annotator left off) and stand there. */
  async open(image) {
    this.#take(await this.#ask({ around: image }), null);
  }

  /** Read the window at an ordinal (from 1) and stand there. */
  async openAt(ordinal) {
    this.#take(await this.#ask({ at: ordinal }), null);
  }

  /**
   * Set the filter; stand at the present image if it is in, else at the next that is. Where nothing matches, or the
   * server does not answer, list and filter stay as they were; false if nothing matches.
   */
  async setFilter(filter, image) {
    const answer = await this.#ask({ around: image, ...filter });
    if (!answer.images.length) return false;
    this.filter = filter;
    this.#take(answer, null);
    return true;
  }

  /** Go `steps` on (or back), as far as there are images. Returns whether the place changed. */
  async step(steps) {
    const wanted = this.at + steps;
    // At the end there may be new ones by now; a server that does not answer is no matter there.
    if (wanted >= this.entries.length && !this.#moreAfter()) await this.readAgain().catch(() => {});
    else if ((wanted < 0 && this.#moreBefore()) || (wanted >= this.entries.length && this.#moreAfter())) await this.#refill();
    const from = this.at;
    this.at = Math.max(0, Math.min(from + steps, this.entries.length - 1));
    return this.at !== from;
  }

  /** Stand at an image of the window. */
  goTo(id) {
    const index = this.entries.findIndex((entry) => entry.id === id);
    if (index >= 0) this.at = index;
    return index >= 0;
  }

  /** Read on if the window's end is near. Failing is no matter: it is tried again at the next step. */
  async readAhead() {
    const nearStart = this.at < NEAR_THE_EDGE && this.#moreBefore();
    const nearEnd = this.entries.length - this.at < NEAR_THE_EDGE && this.#moreAfter();
    if (nearStart || nearEnd) await this.#refill().catch(() => {});
  }

  /** The entries around the place, for prefetching: the next few first. */
  neighbours(after, before) {
    return [...this.entries.slice(this.at + 1, this.at + 1 + after), ...this.entries.slice(Math.max(0, this.at - before), this.at)];
  }

  /** Read the window again: while the source is being listed, the batch grows. */
  async readAgain() {
    if (this.entry) await this.#refill();
  }

  get last() {
    return this.at >= this.entries.length - 1 && !this.#moreAfter();
  }

  get first() {
    return this.at <= 0 && !this.#moreBefore();
  }

  /** The state of an image changed here: keep list and counters in step without asking the server. */
  note(id, state, boxes) {
    const index = this.entries.findIndex((entry) => entry.id === id);
    const entry = this.entries[index];
    if (!entry || (entry.state === state && entry.boxes === boxes)) return;
    this.#noted += 1;
    if (entry.state !== state) {
      this.counts = { ...this.counts, [entry.state]: this.counts[entry.state] - 1, [state]: (this.counts[state] ?? 0) + 1 };
    }
    this.entries[index] = { ...entry, state, boxes };
  }

  #moreBefore() {
    const first = this.entries.find((entry) => entry.ordinal !== null);
    return Boolean(first) && first.ordinal > 1;
  }

  #moreAfter() {
    const last = this.entries.findLast((entry) => entry.ordinal !== null);
    return Boolean(last) && last.ordinal < this.total;
  }

  /** One refill at a time; whoever asks meanwhile waits for the same. */
  #refill() {
    this.#refilling ??= this.#refillNow().finally(() => (this.#refilling = null));
    return this.#refilling;
  }

  async #refillNow() {
    const filter = this.filter;
    const around = this.entry;
    const answer = await this.#ask({ around: around.id, rank: around.rank ?? "", at: around.ordinal ?? around.was ?? "" });
    if (filter !== this.filter) return;
    const present = this.entry; // fast clicks may have gone on meanwhile
    this.#take(answer, around);
    if (present.id !== around.id) this.goTo(present.id);
  }

  #take(answer, present) {
    const before = this.entries.slice(0, this.at).map((entry) => entry.id);
    this.entries = answer.images;
    this.at = answer.here;
    this.total = answer.total;
    this.size = answer.batch;
    this.counts = answer.counts;
    this.indexing = answer.indexing;
    this.problem = answer.problem;
    this.gone = answer.gone;
    if (present && this.entries[this.at]?.id !== present.id) {
      // It left the list: it stands behind the one that it stood behind, wherever that is by now.
      const follows = this.entries.findLastIndex((entry) => before.includes(entry.id));
      if (follows >= 0) this.at = follows + 1;
      this.entries.splice(this.at, 0, { ...present, ordinal: null, was: present.ordinal ?? present.was });
    }
    this.at = Math.max(0, Math.min(this.at, this.entries.length - 1));
  }

  async #ask(place) {
    const [unsaved, noted] = [this.unsaved(), this.#noted];
    const answer = await this.#askServer(place);
    this.readAt = performance.now();
    this.stale = unsaved || noted !== this.#noted;
    return answer;
  }

  #askServer(place) {
    return this.server.images({ annotator: this.annotator, before: BEFORE, after: AFTER, ...this.filter, ...place });
  }
}
