// Edits on their way to the server. They stay here, and on the browser's disk, until the server has committed them.

const MOST_AT_ONCE = 200;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const REMEMBERED_MS = 60_000; // longer than any answer may take

export class Outbox {
  #waiting = new Map(); // edit id -> {annotator, edit}; also {reason} once the server refused it
  #taken = []; // {at, annotator, edit}: what the server took of late
  #sending = null; // resolves when what is on its way has been answered
  #wait_ms = FIRST_WAIT_MS;
  #timer = null;
  #trouble = "";

  /** `journal` may be null where the browser keeps nothing; `onChange` is called whenever the status may differ. */
  constructor(server, journal, onChange) {
    this.server = server;
    this.journal = journal;
    this.onChange = onChange;
    this.diskTrouble = journal ? "" : "This browser keeps nothing on its disk: do not close the page before it says Saved.";
    addEventListener("online", () => this.send());
    document.addEventListener("visibilitychange", () => document.hidden || this.send());
  }

  /** Take over what is on the disk: from before a reload, or from a tab that was closed. */
  async adopt() {
    if (!this.journal) return [];
    const entries = (await this.journal.pending()).filter((entry) => !this.#waiting.has(entry.edit.id));
    for (const entry of entries) this.#waiting.set(entry.edit.id, entry);
    return entries;
  }

  add(entries) {
    for (const entry of entries) this.#waiting.set(entry.edit.id, entry);
    this.onChange();
  }

  /**
   * What an answer of the server to a question of `since` may not have of one annotation: edits that wait, and those
   * that it took meanwhile, in the order they were made.
   */
  editsOf(annotator, image, since) {
    const entries = [...this.#taken.filter(({ at }) => at >= since), ...this.#waiting.values()];
    return entries.filter((e) => e.annotator === annotator && e.edit.image === image).map((e) => e.edit);
  }

  /** Edits that the server has by now, or will have soon from another tab. */
  remember(entries) {
    const at = performance.now();
    this.#taken = [...this.#taken.filter((one) => at - one.at < REMEMBERED_MS), ...entries.map((entry) => ({ ...entry, at }))];
  }

  get size() {
    return this.#waiting.size;
  }

  /** {state, count, detail} for `save-status`. */
  status() {
    const refused = [...this.#waiting.values()].filter((entry) => entry.reason);
    const count = this.#waiting.size;
    if (refused.length) {
      return { state: "error", count: refused.length, detail: `The server refused: ${refused[0].reason}` };
    }
    if (this.#trouble && count) return { state: "offline", count, detail: this.#trouble };
    if (count) return { state: "saving", count, detail: "" };
    return this.diskTrouble ? { state: "error", count: 0, detail: this.diskTrouble } : { state: "saved", count, detail: "" };
  }

  /** Send what waits, now. Resolves when the server has answered, also if it was being sent already. */
  send() {
    clearTimeout(this.#timer);
    this.#sending ??= this.#sendAll();
    return this.#sending;
  }

  async #sendAll() {
    await null; // until send() has noted it
    try {
      for (let batch = this.#nextBatch(); batch.length; batch = this.#nextBatch()) await this.#sendBatch(batch);
      this.#trouble = "";
      this.#wait_ms = FIRST_WAIT_MS;
    } catch (error) {
      this.#trouble = error.status === 401 || error.status === 403 ? "Signed out: sign in again in another tab" : error.message;
      this.#timer = setTimeout(() => this.send(), this.#wait_ms * (0.75 + Math.random() / 2));
      this.#wait_ms = Math.min(this.#wait_ms * 2, LONGEST_WAIT_MS);
    } finally {
      this.#sending = null;
      this.onChange();
    }
  }

  /** Try refused edits once more: the labels file may have been mended. */
  retryRefused() {
    for (const entry of this.#waiting.values()) delete entry.reason;
    this.send();
  }

  /** Refused edits of boxes of which a later edit was taken: they no longer matter. */
  #overtakenBy(taken) {
    const subject = ({ annotator, edit }) => JSON.stringify([annotator, edit.image, edit.box?.id ?? edit.box_id ?? "state"]);
    const subjects = new Map(taken.map((entry) => [subject(entry), entry.edit.time]));
    const refused = [...this.#waiting.values()].filter((entry) => entry.reason);
    return refused.filter((entry) => entry.edit.time < (subjects.get(subject(entry)) ?? "")).map((entry) => entry.edit.id);
  }

  #nextBatch() {
    const ready = [...this.#waiting.values()].filter((entry) => !entry.reason);
    return ready.filter((entry) => entry.annotator === ready[0].annotator).slice(0, MOST_AT_ONCE);
  }

  async #sendBatch(batch) {
    const edits = batch.map((entry) => entry.edit);
    const answer = await this.server.sendEdits(batch[0].annotator, edits);
    if (!Array.isArray(answer.accepted) || !Array.isArray(answer.refused)) throw new Error("the server answered something else");
    const refused = answer.refused.filter(({ id }) => this.#waiting.has(id));
    if (answer.accepted.length + refused.length === 0) throw new Error("the server took no edit and refused none");
    for (const { id, reason } of refused) this.#waiting.get(id).reason = reason;
    const taken = answer.accepted.map((id) => this.#waiting.get(id)).filter(Boolean);
    const done = [...answer.accepted, ...this.#overtakenBy(taken)];
    this.remember(taken);
    for (const id of done) this.#waiting.delete(id);
    this.onChange();
    await this.journal?.forget(done);
    if (refused.length) await this.journal?.refuse(refused.map(({ id }) => this.#waiting.get(id)));
  }
}
