// What is done to many images or boxes at once, chosen in the gallery: one step each, which undo takes back whole.

const FRAGILE = new Set(["todo", "skipped"]); // states that an edit of a box would change

export class Changes {
  #made = new Map(); // key of a card or crop -> what became of it here, until the server's next answer says the same

  #steps = 0; // how many were made, undone or redone

  constructor(gallery) {
    this.gallery = gallery;
  }

  get page() {
    return this.gallery.page;
  }

  /** What became of a card or crop since the server spoke of it: {state} or {text}. */
  of(key) {
    return this.#made.get(key);
  }

  /** What an answer to a question of now will not know of: hand it to `known` once the answer is here. */
  asking() {
    return this.page.outbox.size ? -1 : this.#steps;
  }

  /** The server has spoken of all that was done before the question was asked. */
  known(asked) {
    if (asked === this.#steps) this.forget();
  }

  /** Something else is asked. */
  forget() {
    this.#made.clear();
  }

  /** Ask first: for a name, and that the server has everything, since a change of many is made upon what it says. */
  async #isReady() {
    const { annotator } = this.page.session;
    if (!annotator) {
      this.page.dialogs.openHelp();
      return false;
    }
    if (!(await this.page.saved())) return this.#isStill(annotator);
    this.page.view.warn("Not everything is saved yet, and many can be changed only then. Try again when it says Saved.");
    return false;
  }

  /** Whether the one who asked for a change is still at work. */
  #isStill(annotator) {
    if (annotator === this.page.session.annotator) return true;
    this.page.view.warn(`Nothing is changed: ${annotator} is no longer at work.`);
    return false;
  }

  askSkip() {
    const count = this.gallery.chosen().length;
    this.page.dialogs.askReason((reason) => this.setState("skipped", reason), count === 1 ? "this image" : plural(count, "image"));
  }

  /** Give every chosen image a state. */
  async setState(state, reason = "") {
    const chosen = this.gallery.chosen();
    const others = chosen.filter((item) => (this.#made.get(item.id)?.state ?? item.mine) !== state);
    const items = others.filter((item) => !(item.error && state === "done")); // nobody has looked at those
    if (!(await this.#isReady())) return;
    const blind = others.length - items.length;
    const same = chosen.length - others.length;
    const but = [same && `${same.toLocaleString("en")} ${same === 1 ? "was" : "were"} so already`, blind && `${blind.toLocaleString("en")} cannot be shown, and so not be done`];
    const beside = but.filter(Boolean).map((one) => `; ${one}`).join("");
    if (!items.length) return this.page.view.warn(`Nothing is changed${beside}.`, "info");
    const operations = items.map((item) => ({ kind: "state", image: item.id, state, reason }));
    const backward = items.map((item) => {
      const { state: before, reason: why } = this.#made.get(item.id) ?? { state: item.mine, reason: item.reason };
      return { kind: "state", image: item.id, state: before, reason: why };
    });
    for (const item of items) this.#made.set(item.id, { state, reason });
    this.#commit(operations, backward, `${plural(items.length, "image")} marked ${state}${beside}`, items);
  }

  /** Give every chosen box a label. */
  async relabel(label) {
    this.gallery.setProps("gallery-relabel", { value: "" });
    const items = (await this.#ownStanding()).filter((item) => item.label !== label);
    const put = (item, name) => ({ kind: "put", image: item.image, box: { id: item.id, label: name, ...named(item.corners) } });
    for (const item of items) this.#made.set(cropKey(item), { text: `→ ${label}` });
    const kept = [...new Map(items.filter(({ state }) => FRAGILE.has(state)).map((item) => [item.image, stateOf(item)])).values()];
    const forward = items.map((item) => put(item, label));
    this.#commit([...forward, ...kept], [...items.map((item) => put(item, item.label)), ...kept], `${plural(items.length, "box")} relabelled ${label}`, items);
  } // prettier-ignore

  /** Remove every chosen box. A done image that has no box left then is no verified empty one: nobody looked at it so. */
  async deleteBoxes() {
    const items = await this.#ownStanding();
    for (const item of items) this.#made.set(cropKey(item), { text: "removed" });
    const operations = items.map((item) => ({ kind: "delete", image: item.image, box_id: item.id }));
    const backward = items.map((item) => ({ kind: "put", image: item.image, box: { id: item.id, label: item.label, ...named(item.corners) } }));
    let emptied = 0;
    for (const image of new Set(items.map((item) => item.image))) {
      const gone = items.filter((item) => item.image === image);
      const [{ state, boxes }] = gone;
      const isEmptied = state === "done" && gone.length >= boxes;
      emptied += isEmptied;
      if (!isEmptied && !FRAGILE.has(state)) continue;
      operations.push(isEmptied ? { kind: "state", image, state: "in progress", reason: "" } : stateOf(gone[0]));
      backward.push(stateOf(gone[0]));
    }
    const also = emptied ? `; ${plural(emptied, "image")} without a box now in progress again` : "";
    this.#commit(operations, backward, `${plural(items.length, "box")} removed${also}`, items);
  }

  /** One's own boxes among the chosen that are still as they are shown: nobody changes another's, or what has moved. */
  async #ownStanding() {
    const { session, server, view } = this.page;
    const { annotator } = session;
    const items = this.gallery.chosen().filter((item) => !this.#made.has(cropKey(item)));
    if (!(await this.#isReady())) return [];
    const own = items.filter((item) => item.annotator === annotator);
    const others = items.length - own.length;
    if (others) view.warn(`${plural(others, "box")} of other annotators ${others === 1 ? "stays" : "stay"} as they are: only your own are changed.`, "info");
    try {
      const standing = await server.standing(annotator, own.map((item) => ({ id: item.edit, image: item.image })));
      if (!this.#isStill(annotator)) return [];
      const found = own.filter((item) => standing.has(item.edit));
      if (found.length < own.length) {
        view.warn(`${plural(own.length - found.length, "box")} changed meanwhile and ${found.length < own.length - 1 ? "stay" : "stays"} as it is: look again.`);
        if (!found.length) this.gallery.reload();
      }
      return found;
    } catch (error) {
      view.warn(`Nothing is changed: ${error.message}.`);
      return [];
    }
  } // prettier-ignore

  async #commit(operations, backward, text, items) {
    if (!operations.length) return;
    const seen = items.map((item) => item.stamp).reduce((latest, stamp) => (stamp > latest ? stamp : latest), "");
    const changed = new Set(items);
    this.gallery.choose(this.gallery.chosen().filter((item) => !changed.has(item)));
    this.#steps += 1;
    await this.page.session.commitAcross(operations, { backward, text, seen });
    this.page.view.warn(`${text}. Undo takes it back.`, "info", "step");
    this.#afterSaved();
  }

  /** Undo or redo a step of the gallery, but for what was changed since. */
  async replay(by) {
    this.page.view.unwarn("step");
    this.#steps += 1;
    try {
      const { left, text } = await this.page.session.replayAcross(by);
      if (text) this.page.view.warn(`${text}.`, "info", "step");
      if (left) this.page.view.warn(`${left.toLocaleString("en")} of these changed since and ${left === 1 ? "stays as it is" : "stay as they are"}.`);
    } catch (error) {
      return this.page.view.warn(`Nothing is changed: ${error.message}. Try again.`);
    }
    this.#afterSaved();
  }

  /** Once the server has everything, its answers are the truth again. */
  async #afterSaved() {
    if (await this.page.saved()) return; // until then the cards show what was done here
    this.gallery.reload();
    this.page.recount();
  }
}

const stateOf = ({ image, state, reason }) => ({ kind: "state", image, state, reason });
const named = ([x0, y0, x1, y1]) => ({ x0, y0, x1, y1 });

/** What tells one crop from all others. */
export const cropKey = (item) => `${item.annotator} ${item.image} ${item.id}`;

/** A number of things in words. */
export const plural = (count, thing) => `${count.toLocaleString("en")} ${count === 1 ? thing : thing === "box" ? "boxes" : `${thing}s`}`;
