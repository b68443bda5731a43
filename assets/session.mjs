// The one model of the page: who is at work, on which image, with which boxes. Everything that changes a box comes
// through here as operations, becomes edits, is written to the browser's disk, shown, and sent to the server.

import { apply, bare, fromServer, inverse, liveBoxes, merge, stateOf, timeAfter } from "./annotation.mjs";
import { colorOf, plain } from "./projections.mjs";

const LONGEST_FRAME_MS = 100;
const REPEAT_MS = 1000; // nudges of one box closer than this are one step of undo
const NOBODYS = { annotator: "", boxes: [], deleted: {}, register: null, reason: "", state_stamp: ["", ""], last_box_time: "" };
const ACROSS = ""; // in the place of an image: the history of steps that change many, made in the gallery

export class Session {
  annotator = "";
  image = null; // the id of the image on screen
  selected = null; // the id of the selected box
  label = null; // the label of the next box
  labels = [];
  hidden = new Set(); // labels whose boxes are not shown
  clipboard = null;
  #annotations = new Map(); // image id -> annotation of the present annotator
  #revisions = new Map(); // image id -> the server's revision that was last merged
  #histories = new Map(); // image id -> {steps, at}
  #plains = new WeakMap();
  #settled = Promise.resolve();
  #replaying = Promise.resolve(); // the steps across images that are being undone or redone, one after the other
  #lastTime = "";
  #lifted = null;
  #unnamed = [];

  /** `view` shows things: boxes(), selection(), say(text), warn(text), askName(). */
  constructor({ server, journal, outbox, channel, view }) {
    Object.assign(this, { server, journal, outbox, channel, view });
    if (channel) channel.onmessage = (event) => this.#onOtherTab(event.data);
  }

  setLabels(labels) {
    this.labels = labels;
    this.colors = new Map(labels.map((label) => [label.name, label.color]));
    this.label ??= labels[0].name;
  }

  colorOf(label) {
    return colorOf(this.colors, label);
  }

  /** What is needed to show an image to an annotator who is not at work yet. */
  async prepare(annotator, image) {
    const asked = performance.now();
    const [answer, history] = await Promise.all([this.server.annotations(image, annotator), this.#readHistory(image, annotator)]);
    return { answer, asked, history };
  }

  /** Change who is at work; the boxes of the one before are let go of. `prepared` is what `prepare` gave, if it was asked. */
  become(annotator, prepared = null) {
    this.annotator = annotator;
    this.#annotations.clear();
    this.#revisions.clear();
    this.#histories.clear();
    this.selected = null;
    if (!prepared) return;
    this.#histories.set(prepared.answer.image, prepared.history);
    this.#merge(prepared);
  }

  // ---- reading ----

  get annotation() {
    return this.#annotations.get(this.image) ?? null;
  }

  /** Sizes of the picture on screen, in its own pixels. */
  picture() {
    return this.annotation;
  }

  /** A box of any loaded image; undefined if it is not there any more. */
  boxOf(image, id) {
    const box = this.#annotations.get(image)?.boxes.get(id);
    return box && !box.deleted ? box : undefined;
  }

  pictureOf(image) {
    return this.#annotations.get(image);
  }

  boxes() {
    return this.annotation ? liveBoxes(this.annotation) : [];
  }

  visibleBoxes() {
    return this.boxes().filter((box) => !this.hidden.has(box.label));
  }

  selectedBox() {
    const box = this.selected && this.annotation?.boxes.get(this.selected);
    return box && !box.deleted && !this.hidden.has(box.label) ? box : null;
  }

  /** The box that a drag has lifted off its place; the figure leaves it out meanwhile. */
  get lifted() {
    return this.#lifted;
  }

  /** Whether there is a step to take back: of the image on screen, or across images. */
  canUndo({ across = false } = {}) {
    return (this.#histories.get(across ? ACROSS : this.image)?.at ?? 0) > 0;
  }

  canRedo({ across = false } = {}) {
    const history = this.#histories.get(across ? ACROSS : this.image);
    return Boolean(history) && history.at < history.steps.length;
  }

  /** What `annotations-store` holds: every annotation that is loaded, by image id. */
  stored() {
    const images = {};
    for (const [id, annotation] of this.#annotations) images[id] = this.#plain(annotation);
    return { image: this.image, annotator: this.annotator, images };
  }

  /** The annotation of an image, from the server and from what waits to be sent; also its undo history. `signal` may stop it. */
  async load(image, signal = null) {
    if (this.#annotations.has(image) && this.#histories.has(image)) return this.#annotations.get(image);
    const { annotator } = this;
    const asked = performance.now();
    const [answer, history] = await Promise.all([this.server.annotations(image, annotator, signal), this.#readHistory(image)]);
    if (annotator !== this.annotator) return this.load(image, signal);
    this.#histories.set(image, this.#histories.get(image) ?? history);
    this.#merge({ answer, asked });
    return this.#annotations.get(image);
  }

  /** Ask the server what others (another browser of this annotator, an import) have changed on the screen's image. */
  async refresh() {
    const { image, annotator } = this;
    if (!image || !annotator) return;
    const asked = performance.now();
    const answer = await this.server.annotations(image, annotator);
    if (annotator === this.annotator && this.#merge({ answer, asked }) && image === this.image) this.#publish();
  }

  /** Forget what is loaded but not on screen, so that it is read again: after an import. */
  async reload() {
    for (const image of [...this.#annotations.keys()]) if (image !== this.image) this.#annotations.delete(image);
    await this.refresh();
  }

  /** Take over an answer of the server, and on top of it what it may not have known when it was asked. */
  #merge({ answer, asked }) {
    const { image } = answer;
    const theirs = this.annotator
      ? fromServer(answer)
      : fromServer({ ...answer, annotations: [NOBODYS] });
    const revision = `${answer.annotations[0]?.revision} ${answer.url} ${answer.error}`;
    const known = this.#annotations.get(image);
    if (known && revision === this.#revisions.get(image)) return false;
    this.#revisions.set(image, revision);
    const waiting = this.outbox.editsOf(this.annotator, image, asked);
    this.#annotations.set(image, waiting.reduce(apply, known ? merge(known, theirs) : theirs));
    return true;
  }

  async #readHistory(image, annotator = this.annotator) {
    return (await this.journal?.history(annotator, image)) ?? { steps: [], at: 0 };
  }

  // ---- going to another image ----

  /** Put a loaded image on the screen's place. The caller shows its picture in the same step. */
  enter(image) {
    this.image = image;
    this.selected = null;
    this.#lifted = null;
  }

  // ---- changing boxes ----

  drawBox(image, corners) {
    const box = { id: newId(), label: this.label, ...corners };
    this.hidden.delete(this.label); // or the box would vanish as it is drawn
    return this.#commit(image, [{ kind: "put", box }], `Drew ${box.label}`);
  }

  putBox(image, box, { repeat = "" } = {}) {
    return this.#commit(image, [{ kind: "put", box: bare(box) }], `Changed ${box.label}`, { repeat });
  }

  /** Draw a box and select it: for the keyboard, where it must be moved into place. */
  newBox(corners, label = this.label) {
    const box = { id: newId(), label, ...corners };
    this.hidden.delete(label);
    const done = this.#commit(this.image, [{ kind: "put", box }], `New ${label}`);
    this.select(box.id);
    return done;
  }

  deleteBox(id, image = this.image) {
    const box = this.#annotations.get(image)?.boxes.get(id);
    if (!box || box.deleted) return;
    if (id === this.selected) this.selected = null;
    this.#commit(image, [{ kind: "delete", box_id: id }], `Removed ${box.label}`);
  }

  /** Copy boxes here, but for those that are here already at the very same place. */
  copyFrom(boxes) {
    const there = new Set(this.boxes().map(place));
    const operations = boxes.filter((box) => !there.has(place(box))).map((box) => ({ kind: "put", box: { ...bare(box), id: newId() } }));
    if (operations.length) this.#commit(this.image, operations, `Copied ${operations.length} boxes`);
    return operations.length;
  }

  setState(state, reason = "", image = this.image) {
    return this.#commit(image, [{ kind: "state", state, reason }], `Marked ${state}`);
  }

  /** Use a label from now on; a selected box becomes one of it. */
  chooseLabel(name) {
    if (!this.colors.has(name)) return;
    this.label = name;
    const box = this.selectedBox();
    if (box && box.label !== name) this.putBox(this.image, { ...box, label: name });
    this.view.labelChosen();
  }

  select(id) {
    this.selected = id;
    const box = this.selectedBox();
    this.view.say(box ? `Selected ${box.label}, ${this.boxes().indexOf(box) + 1} of ${this.boxes().length}` : "Nothing selected");
    this.view.selection();
  }

  /** Take a box out of the figure while it is dragged; null puts it back. */
  lift(id) {
    if (id === this.#lifted) return;
    this.#lifted = id;
    this.view.selection();
  }

  hideLabel(name, hide = !this.hidden.has(name)) {
    if (hide) this.hidden.add(name);
    else this.hidden.delete(name);
    this.view.say(`${name} ${hide ? "hidden" : "shown"}`);
    this.view.boxes();
  }

  undo() {
    return this.#replay(-1, "backward", "Undone");
  }

  redo() {
    return this.#replay(1, "forward", "Redone");
  }

  /** Read the history of steps across images. */
  async openAcross() {
    const { annotator } = this;
    const history = this.journal ? await this.#readHistory(ACROSS) : (this.#histories.get(ACROSS) ?? { steps: [], at: 0 });
    if (annotator === this.annotator) this.#histories.set(ACROSS, history);
    this.view.historyChanged();
  }

  /**
   * Change many images in one step. Each operation names its image and is undone by that of `backward` in the same
   * place; `seen` is the latest time of what they change. Nothing of it needs to be loaded.
   */
  commitAcross(operations, { backward, text, seen = "" }) {
    const edits = this.#editsAcross(operations, seen);
    const history = this.#remember(() => backward, ACROSS, operations, text, 0, "", edits.map((edit) => edit.id));
    return this.#send(ACROSS, edits, { ...history, forgotten: this.#forgetHistories(edits) }, text);
  }

  /** Undo (-1) or redo (1) a step across images, but for what was changed since: {left: how much that was, text}. */
  replayAcross(by) {
    this.#replaying = this.#replaying.catch(() => {}).then(() => this.#replayAcross(by)); // one that failed was told
    return this.#replaying;
  }

  async #replayAcross(by) {
    const { annotator } = this;
    const history = this.#histories.get(ACROSS);
    const step = history?.steps[by < 0 ? history.at - 1 : history.at];
    const nothing = { left: 0, text: "" };
    if (!step) {
      this.view.say(by < 0 ? "Nothing to undo" : "Nothing to redo");
      return nothing;
    }
    await this.outbox.send();
    if (this.outbox.size) throw new Error("not everything is saved yet");
    const subjects = step.forward.map(({ image, box, box_id }, n) => ({ id: step.applied[n], image, box_id: box?.id ?? box_id ?? null }));
    const standing = await this.server.standing(annotator, subjects);
    if (annotator !== this.annotator || history !== this.#histories.get(ACROSS)) return nothing;
    const operations = by < 0 ? step.backward : step.forward;
    const edits = this.#editsAcross(operations.filter((_, n) => standing.has(step.applied[n])), step.time ?? "");
    const fresh = edits.map((edit) => edit.id);
    const replayed = { ...step, time: this.#lastTime, applied: step.applied.map((id) => (standing.has(id) ? fresh.shift() : id)) };
    const text = `${by < 0 ? "Undone" : "Redone"}: ${step.text}`;
    const remembered = this.#remember(null, ACROSS, operations, text, by, "");
    await this.#send(ACROSS, edits, { ...remembered, replayed, forgotten: this.#forgetHistories(edits) }, text);
    history.steps[history.steps.indexOf(step)] = replayed;
    return { left: operations.length - edits.length, text };
  }

  /**
   * Let go of the histories of images whose boxes are changed from elsewhere: an undo there would put back a whole box
   * as it was before. Returns which.
   */
  #forgetHistories(edits) {
    const images = [...new Set(edits.filter((edit) => edit.kind !== "state").map((edit) => edit.image))];
    for (const image of images) this.#histories.delete(image);
    if (images.includes(this.image)) this.#histories.set(this.image, { steps: [], at: 0 });
    return images;
  }

  #editsAcross(operations, seen) {
    this.#lastTime = timeAfter({ lastBoxTime: seen, stateStamp: [""] }, Date.now(), this.#lastTime);
    const edits = operations.map((operation) => ({ id: newId(), ...operation, time: this.#lastTime }));
    for (const edit of edits) this.#applyIfLoaded(edit);
    return edits;
  }

  #applyIfLoaded(edit) {
    const annotation = this.#annotations.get(edit.image);
    if (annotation) this.#annotations.set(edit.image, apply(annotation, edit));
    return Boolean(annotation);
  }

  #replay(by, direction, text) {
    const { image } = this;
    const history = this.#histories.get(image);
    const step = history?.steps[by < 0 ? history.at - 1 : history.at];
    if (!step) return this.view.say(by < 0 ? "Nothing to undo" : "Nothing to redo");
    return this.#commit(image, step[direction], `${text}: ${step.text}`, { replay: by });
  }

  /** Resolves when everything is on the browser's disk. */
  settled() {
    return this.#settled;
  }

  #commit(image, operations, text, { replay = 0, repeat = "" } = {}) {
    const annotation = this.#annotations.get(image);
    if (!annotation) return;
    if (!this.annotator) {
      this.#unnamed.push([image, operations, text]);
      this.view.askName();
      return;
    }
    const edits = operations.map((operation) => this.#toEdit(annotation, image, operation));
    this.#annotations.set(image, edits.reduce(apply, annotation));
    const history = this.#remember(() => inverse(annotation, operations), image, operations, text, replay, repeat);
    return this.#send(image, edits, history, text);
  }

  /** Keep edits on the disk, show them, and send them; `where` is the image, or ACROSS. */
  #send(where, edits, history, text) {
    const entries = edits.map((edit) => ({ annotator: this.annotator, edit }));
    this.outbox.add(entries);
    const write = this.#write(entries, history);
    this.#settled = Promise.all([this.#settled, write]);
    return write.then(async () => {
      this.view.say(text);
      await painted();
      this.outbox.send();
      this.channel?.postMessage({ annotator: this.annotator, image: where, edits });
    });
  }

  /** Edits made before the person said their name, on whatever image they were made. */
  async commitUnnamed() {
    while (this.annotator && this.#unnamed.length) {
      const [image, operations, text] = this.#unnamed[0];
      await this.load(image);
      this.#unnamed.shift();
      this.#commit(image, operations, text);
    }
  }

  /** How many changes wait for a name. */
  get unnamed() {
    return this.#unnamed.length;
  }

  /**
   * To the disk first, to the screen then: the write is on its way to the browser's own process, which finishes it
   * whatever becomes of the page, well before the frame with the box is painted (docs/decisions/0003). If the disk
   * refuses, the person is told, and the edit goes on to the server.
   */
  async #write(entries, history) {
    const written = this.journal?.write(entries, history);
    this.#publish();
    this.view.historyChanged();
    try {
      await written;
    } catch (error) {
      this.outbox.diskTrouble = `The browser's disk refused an edit (${error.message}): wait for Saved before closing.`;
      this.view.warn(this.outbox.diskTrouble);
    }
  }

  #toEdit(annotation, image, operation) {
    this.#lastTime = timeAfter(annotation, Date.now(), this.#lastTime);
    return { id: newId(), image, ...operation, time: this.#lastTime };
  }

  /** Add a step to a history, or move along it; returns what the journal keeps of it. `undoing()` gives its inverse. */
  #remember(undoing, image, operations, text, replay, repeat, applied = null) {
    const { annotator } = this;
    const { steps, at } = this.#histories.get(image) ?? { steps: [], at: 0 };
    if (replay) {
      this.#histories.set(image, { steps, at: at + replay });
      return { annotator, image, at: at + replay };
    }
    const before = steps[at - 1];
    const goesOn = repeat && before?.repeat === repeat && Math.abs(Date.now() - before.when) < REPEAT_MS;
    const backward = goesOn ? before.backward : undoing();
    // Two tabs may add a step in the same moment: the fraction tells them apart.
    const n = goesOn ? before.n : Math.floor(before?.n ?? 0) + 1 + Math.random();
    const step = { n, forward: operations, backward, text, repeat, when: Date.now(), applied, time: this.#lastTime };
    const kept = [...steps.slice(0, goesOn ? at - 1 : at), step];
    this.#histories.set(image, { steps: kept, at: kept.length });
    return { annotator, image, at: kept.length, step, dropped: steps.slice(at).map((one) => one.n) };
  }

  #publish() {
    this.#histories.has(this.image) && this.view.boxes();
  }

  async #onOtherTab({ annotator, image, edits }) {
    if (annotator !== this.annotator) return;
    this.outbox.remember(edits.map((edit) => ({ annotator, edit })));
    const touched = edits.filter((edit) => this.#applyIfLoaded(edit)).map((edit) => edit.image);
    if (image === ACROSS) this.#forgetHistories(edits);
    if (!touched.length && !this.#histories.has(image)) return;
    for (let known = null; known !== this.#histories.get(image); ) {
      known = this.#histories.get(image);
      await this.#settled; // what this tab did meanwhile is on the disk too
      const history = await this.#readHistory(image);
      if (annotator !== this.annotator) return;
      if (known === this.#histories.get(image)) this.#histories.set(image, (known = history));
    }
    for (const one of new Set(touched)) {
      if (one === this.image) this.#publish();
      else this.view.noteState(one);
    }
    this.view.historyChanged();
  }

  stateOf(image) {
    const annotation = this.#annotations.get(image);
    return annotation && { state: stateOf(annotation), boxes: liveBoxes(annotation).length };
  }

  #plain(annotation) {
    if (!this.#plains.has(annotation)) this.#plains.set(annotation, plain(annotation));
    return this.#plains.get(annotation);
  }
}

/** Label and corners as one word. */
const place = ({ label, x0, y0, x1, y1 }) => [x0, y0, x1, y1, label].join(" ");

/** Resolves once the next frame is on screen, or soon where none comes: in a hidden tab. */
function painted() {
  return new Promise((resolve) => {
    setTimeout(resolve, LONGEST_FRAME_MS);
    requestAnimationFrame(() => setTimeout(resolve));
  });
}

/** A random uuid; `crypto.randomUUID` is there on https and localhost alone. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
