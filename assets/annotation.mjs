// An annotation in the page: what edits add up to. The same rules as data/edits.py, so that every copy
// comes out the same in whatever order edits arrive: for each box, and for the state, the greater stamp wins,
// a stamp being [time, edit id]. Nothing here changes its arguments.

const NEVER = ["", ""];

/** Whether stamp a is greater than stamp b. */
export const later = (a, b) => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

/** An annotation with no edits. `picture` has width, height (null if it cannot be read), error and url. */
export function emptyAnnotation(image, annotator, picture) {
  return {
    image,
    annotator,
    ...picture,
    register: null,
    reason: "",
    stateStamp: NEVER,
    lastBoxTime: "",
    boxes: new Map(),
  };
}

/** The annotation that the server sent for one annotator. */
export function fromServer(answer) {
  const one = answer.annotations[0];
  const { width, height, error, url, view = null } = answer;
  const boxes = new Map();
  for (const box of one.boxes) boxes.set(box.id, box);
  for (const [id, stamp] of Object.entries(one.deleted)) boxes.set(id, { id, deleted: true, stamp });
  return {
    ...emptyAnnotation(answer.image, one.annotator, { width, height, error, url, view }),
    register: one.register,
    reason: one.reason,
    stateStamp: one.state_stamp,
    lastBoxTime: one.last_box_time,
    boxes,
  };
}

/** The annotation after one edit. Applying an edit twice changes nothing more. */
export function apply(annotation, edit) {
  const stamp = [edit.time, edit.id];
  if (edit.kind === "state") {
    if (!later(stamp, annotation.stateStamp)) return annotation;
    return { ...annotation, register: edit.state, reason: edit.reason ?? "", stateStamp: stamp };
  }
  const id = edit.kind === "put" ? edit.box.id : edit.box_id;
  const box =
    edit.kind === "put" ? { ...edit.box, created: edit.time, modified: edit.time, stamp } : { id, deleted: true, stamp };
  const boxes = new Map(annotation.boxes);
  boxes.set(id, joinBoxes(boxes.get(id), box));
  return { ...annotation, boxes, lastBoxTime: max(annotation.lastBoxTime, edit.time) };
}

/** Two copies of one annotation as one: what either has seen. The picture's facts come from the second. */
export function merge(mine, theirs) {
  const boxes = new Map(mine.boxes);
  for (const [id, box] of theirs.boxes) boxes.set(id, joinBoxes(boxes.get(id), box));
  const state = later(mine.stateStamp, theirs.stateStamp) ? mine : theirs;
  return {
    ...theirs,
    register: state.register,
    reason: state.reason,
    stateStamp: state.stateStamp,
    lastBoxTime: max(mine.lastBoxTime, theirs.lastBoxTime),
    boxes,
  };
}

function joinBoxes(a, b) {
  if (!a) return b;
  const winner = later(b.stamp, a.stamp) ? b : a;
  const created = [a.created, b.created].filter(Boolean).sort()[0];
  return created === winner.created ? winner : { ...winner, created };
}

const max = (a, b) => (a > b ? a : b);

/** The state: what was said, unless boxes were edited after "todo" or "skipped" was. */
export function stateOf(annotation) {
  const { register, stateStamp, lastBoxTime } = annotation;
  if (register !== "done" && register !== "in progress" && lastBoxTime > stateStamp[0]) return "in progress";
  return register ?? "todo";
}

/** The boxes that are there, in the order they were made. */
export function liveBoxes(annotation) {
  return [...annotation.boxes.values()].filter((box) => !box.deleted);
}

/** A time that is later than all that the annotation has seen, so that an edit made upon it wins. */
export function timeAfter(annotation, now, lastGiven) {
  const seen = [annotation.lastBoxTime, annotation.stateStamp[0], lastGiven].sort().at(-1);
  const present = new Date(now).toISOString();
  return present > seen ? present : new Date(Date.parse(seen) + 1).toISOString();
}

/** The operations that undo `operations`, to be applied in their order. An operation is an edit without id and time. */
export function inverse(annotation, operations) {
  return operations
    .map((operation) => {
      if (operation.kind === "state") {
        return { kind: "state", state: stateOf(annotation), reason: annotation.reason };
      }
      const id = operation.kind === "put" ? operation.box.id : operation.box_id;
      const old = annotation.boxes.get(id);
      return old && !old.deleted ? { kind: "put", box: bare(old) } : { kind: "delete", box_id: id };
    })
    .reverse();
}

/** A box as an edit carries it. */
export const bare = ({ id, label, x0, y0, x1, y1 }) => ({ id, label, x0, y0, x1, y1 });
