// The functions that the callbacks of callbacks/*.py name. Each unpacks and hands on; none returns anything.

import { quoted } from "./gallery.mjs";
import { changesBetween, row_to_box } from "./table.mjs";

/** `page()` is null until the page is ready; what was clicked before that is not lost but has nothing to act on. */
export function callbacks(page) {
  const clicks = new Map();
  /** How many clicks came since the last call: two within one frame arrive as one call. */
  const newClicks = (name, count) => {
    const fresh = (count ?? 0) - (clicks.get(name) ?? 0);
    clicks.set(name, count ?? 0);
    return Math.max(0, fresh);
  };
  const whenReady = (work) => (...values) => {
    if (page()) work(page(), ...values);
    return undefined;
  }; // prettier-ignore

  const functions = {
    next: (p, count) => p.step(newClicks("next", count)),
    previous: (p, count) => p.step(-newClicks("previous", count)),
    mark_done: (p, count) => newClicks("done", count) && p.markDone(),
    skip: (p, count) => newClicks("skip", count) && p.askSkip(),
    skip_confirmed: (p) => p.dialogs.closeSkip(),
    skip_toggled: (p, isOpen) => p.dialogs.skipClosed(isOpen),
    filter_batch: (p, search, state) => p.filter({ search: (search ?? "").trim(), state: state ?? "all" }),
    jump: (p, submits, ordinal) => newClicks("jump", submits) && p.jump(ordinal),

    choose_label: (p, name) => name !== p.session.label && p.session.chooseLabel(name),

    table_edited: (p, _time, rows, before) => tableEdited(p, rows, before),
    row_selected: (p, cell) => cell && p.session.boxes().some((box) => box.id === cell.row_id) && p.session.select(cell.row_id),

    undo: (p, count) => p.replay(-newClicks("undo", count)),
    redo: (p, count) => p.replay(newClicks("redo", count)),

    gallery: (p, count) => newClicks("gallery", count) && p.turnGallery(),
    gallery_asked: (p, query, order, label, wallOrder) => p.gallery.ask({ query: (query ?? "").trim(), order, label, wallOrder }),
    gallery_images: (p) => p.gallery.ask({ view: "images" }),
    gallery_boxes: (p) => p.gallery.ask({ view: "boxes" }),
    gallery_done: (p) => p.gallery.changes.setState("done"),
    gallery_skip: (p) => p.gallery.changes.askSkip(),
    gallery_todo: (p) => p.gallery.changes.setState("todo"),
    gallery_relabel: (p, label) => label && p.gallery.changes.relabel(label),
    gallery_delete: (p) => p.gallery.changes.deleteBoxes(),
    gallery_all: (p) => p.gallery.chooseAll(),
    gallery_none: (p) => p.gallery.choose([]),
    gallery_charts: (p) => p.gallery.turnCharts(),
    filter_cleared: (p) => p.filter({ query: "", order: "position" }),
    label_clicked: (p, data) => data && p.gallery.term(`label:${quoted(data.points[0].y)}`),
    sizes_chosen: (p, data) => data?.range && p.gallery.term(sizeTerms(data.range), /^(size|aspect):/),
    place_clicked: (p, data) => data && p.gallery.term(placeTerms(data.points[0]), /^[xy]:/),
    day_clicked: (p, data) => data && p.gallery.term(`done:${data.points[0].x}`, /^done:/),

    name_given: (p, name) => p.dialogs.nameGiven(name),
    welcome_closed: (p, _clicks, _submits, name) => p.dialogs.nameGiven(name, true),
    help: (p, count) => newClicks("help", count) && p.dialogs.openHelp(),
    help_toggled: (p, isOpen, name) => p.dialogs.helpToggled(isOpen, name),

    crosshair: (p, on) => p.view.setCrosshair(Boolean(on), false),
    light: (p, brightness, contrast) => p.view.setLight(brightness, contrast),
    look: (p, page, channel, low, high) => p.looks.choose({ page, channel, low, high }),
    reset_view: (p) => p.view.resetView(),
    theme: (p) => p.turnTheme(),
    labels_drawer: (p) => p.panels.toggle("labels-panel"),
    boxes_drawer: (p) => p.panels.toggle("boxes-panel"),

    download: (p, count, format) => newClicks("download", count) && p.files.download(format),
    export_options: (p, count) => newClicks("export", count) && p.files.openExport(),
    export_chosen: (p, isOpen, annotator, state, untouched, split, contents, voc_base, voc_integers, coco_first_id, format) => {
      const [pictures, each] = ["pictures", "each"].map((one) => (contents.includes(one) ? 1 : ""));
      const choice = { annotator, state, untouched, split, pictures, each, voc_base, voc_integers, coco_first_id };
      p.files.showExport(isOpen, format, choice);
    },
    download_chosen: (p, count) => newClicks("chosen", count) && p.files.downloadChosen(),
    choose_folder: (p, count) => newClicks("folder", count) && p.files.chooseFolder(),
    stop_work: (p, count) => newClicks("stop", count) && p.files.stop(),
    import_looked: (p, format, voc_base, isOpen) => isOpen && p.files.lookAgain({ format, voc_base }),
    import_toggled: (p, isOpen) => isOpen || p.files.closed(),
    import_cancelled: (p, count) => newClicks("import cancel", count) && p.files.cancel(),
    import_confirmed: (p, count) => newClicks("import", count) && p.files.confirm(),
    import_undone: (p, count) => newClicks("import undo", count) && p.files.takeBack(),
  };
  return Object.fromEntries(Object.entries(functions).map(([name, work]) => [name, whenReady(work)]));
}

const range = (field, low, high) => `${field}:${low}..${high}`;

/** What a rectangle on the chart of sizes stands for; its axes are logarithms already undone. */
function sizeTerms({ x, y }) {
  const [low, high] = [Math.min(...x), Math.max(...x)].map((px) => Math.round(px));
  const [flat, tall] = [Math.min(...y), Math.max(...y)].map((ratio) => ratio.toFixed(2));
  return `${range("size", low, high)} ${range("aspect", flat, tall)}`;
}

/** What a cell of the chart of places stands for: its middle is given, in percent. */
function placeTerms({ x, y }) {
  const [first, second] = document.querySelector("#chart-places .js-plotly-plot").data[0].x;
  const half = (second - first) / 2;
  return `${range("x", x - half, x + half)} ${range("y", y - half, y + half)}`;
}

/** Make edits of what changed; a value that cannot be leaves everything as it was, with a message by the table. */
function tableEdited({ session, table, view }, rows, before) {
  const problems = [];
  table.taken();
  for (const change of changesBetween(rows, before)) {
    const box = session.boxOf(change.image, change.id);
    if (!box) continue; // removed meanwhile
    if (change.deleted) {
      session.deleteBox(change.id, change.image);
      continue;
    }
    const result = row_to_box(box, change, session.pictureOf(change.image), session.colors);
    if (result.problem) problems.push(result.problem);
    else if (result !== box) session.putBox(change.image, result);
  }
  if (table.byHand && !problems.length) document.getElementById("graph").focus({ preventScroll: true }); // back to the keys
  view.tableMessage(problems.join(" "));
  table.forget();
  view.boxes();
}
