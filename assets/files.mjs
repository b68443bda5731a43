// Files in and out: what is dropped or chosen becomes an import, looked at first where there is something to decide;
// the export dialog shows what a choice would give before it is downloaded.

import { make, setText } from "./dom.mjs";

// Pictures in a folder that is dropped stay where they are: only files that can hold annotations are sent.
const ANNOTATIONS = /\.(json|jsonl|xml|csv|txt|ya?ml|zip|vott|names|data)$/i;
const SHOWN_NOTES = 20;
const LEAVE_OUT = "out of it"; // no label: a label's own name stands behind a colon
const byId = (id) => document.getElementById(id);

export class Files {
  #files = []; // what is being imported: [{name, file}]
  #step = ""; // the import that can be taken back
  #working = null; // stops an import
  #reporting = null; // stops the report on an export
  #chosen = {}; // what the export dialog says

  constructor({ server, setProps, warn, saved, annotator, labels, imported }) {
    Object.assign(this, { server, setProps, warn, saved, annotator, labels, imported });
    addEventListener("dragover", (event) => this.#dragged(event), true);
    addEventListener("drop", (event) => this.#dropped(event), true);
    addEventListener("dragleave", (event) => event.relatedTarget || this.#light(false), true);
    addEventListener("change", (event) => {
      if (!event.target.matches("#upload input")) return;
      event.stopImmediatePropagation(); // dcc.Upload would read it all into memory and send it as text
      this.#given(event.target);
    }, true); // prettier-ignore
  }

  // ---- in ----

  /** A file that is dropped anywhere is an import: the browser would leave the page and show it. */
  #dragged(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#light(true);
  }

  #light(on) {
    byId("upload").classList.toggle("upload-active", on);
  }

  async #dropped(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#light(false);
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    this.bringIn((await Promise.all(entries.map(filesBelow))).flat());
  }

  #given(input) {
    const files = [...input.files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
    input.value = ""; // the same file may be chosen again
    this.bringIn(files);
  }

  chooseFolder() {
    const input = document.createElement("input");
    Object.assign(input, { type: "file", webkitdirectory: true });
    input.addEventListener("change", () => this.#given(input));
    input.click();
  }

  /** Import files: at once if there is nothing to decide, else when the dialog is confirmed. */
  async bringIn(files) {
    if (this.#working) return this.warn("Another import is going on.", "info");
    this.asked = null;
    this.#files = files.length > 1 ? files.filter(({ name }) => ANNOTATIONS.test(name)) : files;
    if (!this.#files.length) return this.#tell("Nothing was changed. There is no file of annotations among these.");
    const report = await this.#send({ mode: "ask" });
    if (report && !report.clear) this.#ask(report);
  }

  /** Look once more, read as another format or counted otherwise. */
  async lookAgain(fields) {
    if (fields.format === this.asked?.format && fields.voc_base === this.asked?.voc_base) return;
    const report = await this.#send({ mode: "look", ...fields });
    if (report) this.#ask(report, fields);
  }

  /** The dialog: what would come in, what is unsure, and which label each new one is to be. */
  #ask(report, { voc_base = "0" } = {}) {
    const format = Object.keys(report.candidates)[0];
    const known = this.asked && Object.keys(this.asked.candidates).length > 1 ? this.asked.candidates : report.candidates;
    this.asked = { format, voc_base, candidates: known };
    const options = Object.entries(known).map(([value, label]) => ({ value, label }));
    this.setProps("import-format", { options, value: format });
    this.setProps("import-voc", { value: voc_base });
    this.setProps("import-dialog", { is_open: true });
    this.#whenOpen(() => {
      byId("import-format-row").hidden = options.length < 2;
      byId("import-voc-row").hidden = format !== "voc";
      setText(byId("import-summary"), report.summary);
      this.#askLabels(report.labels_added);
      list(byId("import-notes"), [...report.doubts, ...report.notes], report.notes_left_out);
      byId("import-confirm").disabled = !(report.boxes_added + report.boxes_changed + report.states);
    });
  }

  #whenOpen(then) {
    if (byId("import-summary")) then();
    else setTimeout(() => this.#whenOpen(then), 20);
  }

  #askLabels(found) {
    const panel = byId("import-labels");
    panel.replaceChildren();
    if (!Object.keys(found).length) return;
    make("h3", "field-title", panel).textContent = "Labels that are not known here";
    for (const [name, boxes] of Object.entries(found)) {
      const row = make("label", "export-choice", panel);
      make("span", "", row).textContent = `${name} (${boxes})`;
      const select = make("select", "form-select form-select-sm", row);
      select.dataset.label = name;
      const mapped = this.labels().map((one) => [`:${one.name}`, `is ${one.name}`]);
      for (const [value, text] of [[`:${name}`, "add it"], [LEAVE_OUT, "leave its boxes out"], ...mapped]) {
        Object.assign(make("option", "", select), { value, textContent: text });
      }
    }
  } // prettier-ignore

  async confirm() {
    const selects = [...byId("import-labels").querySelectorAll("select")];
    const map = selects.map(({ dataset, value }) => [dataset.label, value === LEAVE_OUT ? "" : value.slice(1)]);
    const { format, voc_base } = this.asked;
    this.asked = null;
    this.setProps("import-dialog", { is_open: false });
    await this.#send({ mode: "do", format, voc_base, map: JSON.stringify(Object.fromEntries(map)) });
  }

  cancel() {
    this.setProps("import-dialog", { is_open: false });
  }

  /** The dialog was left without a decision. */
  closed() {
    if (this.asked) this.#tell("Nothing was changed.");
    this.asked = null;
  }

  /** Resolves to the report, or to nothing if it was stopped or refused, which is told. */
  async #send(fields) {
    this.#working?.abort();
    const working = (this.#working = new AbortController());
    byId("work-cancel").hidden = false;
    byId("import-undo").hidden = true;
    this.#tell(`Sending ${this.#files.length === 1 ? this.#files[0].name : `${this.#files.length} files`} …`);
    try {
      const progress = ({ doing, count }) => this.#tell(`${doing}: ${count.toLocaleString("en")}`);
      const asked = { annotator: this.annotator() ?? "", ...fields };
      const report = await this.server.bringIn(this.#files, asked, { signal: working.signal, progress });
      this.#tell(report.summary, report);
      this.#step = report.step;
      byId("import-undo").hidden = !report.step;
      if (report.step) await this.imported();
      else if (fields.mode === "do" || report.clear) this.#tell(`${report.summary} Nothing was changed.`, report);
      else this.#tell("Nothing was changed yet: see the dialog.");
      return report;
    } catch (error) {
      const unknown = `${error.message}, so it is not known what became of it. Import it again: nothing comes in twice.`;
      const refused = error.status === 0 ? unknown : `Nothing was changed. ${error.message}`;
      this.#tell(working.signal.aborted ? "Stopped; nothing was changed." : refused, null, true);
    } finally {
      if (this.#working === working) {
        this.#working = null;
        byId("work-cancel").hidden = true;
      }
    }
  }

  stop() {
    this.#working?.abort();
  }

  async takeBack() {
    byId("import-undo").hidden = true;
    try {
      this.#tell((await this.server.takeBack(this.#step)).summary);
      await this.imported();
    } catch (error) {
      this.#tell(error.message, null, true);
      byId("import-undo").hidden = false;
    }
  }

  #tell(text, report = null, bad = false) {
    const element = byId("import-report");
    element.classList.toggle("text-danger-emphasis", bad);
    element.replaceChildren();
    make("p", "mb-1", element).textContent = text;
    if (report) list(make("ul", "", element), [...report.doubts, ...report.notes], report.notes_left_out);
  }

  // ---- out ----

  /** The dialog shows what is on the server, so what waits is sent first. */
  async openExport() {
    await this.saved();
    this.setProps("export-dialog", { is_open: true });
  }

  /** Show what a choice would give; a report that was under way is stopped. */
  async showExport(isOpen, format, choice) {
    this.#reporting?.abort();
    this.#chosen = { format, choice };
    if (!isOpen) return;
    const { signal } = (this.#reporting = new AbortController());
    const tell = (text) => signal.aborted || setText(byId("export-report"), text);
    setText(byId("export-title"), "Export");
    byId("export-voc-row").hidden = byId("export-voc-corners-row").hidden = format !== "voc";
    byId("export-coco-row").hidden = format !== "coco";
    tell("Counting …");
    try {
      const progress = ({ doing, count }) => tell(`${doing}: ${count.toLocaleString("en")}`);
      const report = await this.server.exportReport(format, choice, { signal, progress });
      if (signal.aborted) return;
      this.setProps("export-annotators", { options: report.annotators });
      setText(byId("export-title"), `Export as ${report.format}`);
      tell("");
      const element = byId("export-report");
      make("p", "mb-1 fw-semibold", element).textContent = report.summary;
      const labels = Object.entries(report.labels).map(([name, count]) => `${name} ${count}`);
      make("p", "mb-1", element).textContent = labels.join(", ");
      list(make("ul", "", element), [...report.notes, ...report.left_out], 0);
      setText(byId("export-preview"), report.preview);
    } catch (error) {
      tell(error.message);
    }
  }

  downloadChosen() {
    return this.download(this.#chosen.format, this.#chosen.choice);
  }

  async download(format, choice) {
    const waiting = await this.saved();
    if (waiting) return this.warn(`${waiting} edits are not saved yet, so they would be missing. Try again when it says Saved.`);
    const link = document.createElement("a");
    link.href = this.server.exportUrl(format ?? "json", choice);
    link.download = "";
    link.click();
  }
}

function list(element, lines, leftOut) {
  element.replaceChildren();
  for (const line of lines.slice(0, SHOWN_NOTES)) make("li", "", element).textContent = line;
  const more = lines.length - SHOWN_NOTES + leftOut;
  if (more > 0) make("li", "", element).textContent = `… and ${more} more`;
}

/** The files of something that was dropped, with their paths in it. */
async function filesBelow(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ name: entry.fullPath.slice(1), file }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(filesBelow))).flat();
}
