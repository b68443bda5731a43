// The palette: each label with its colour, hotkey and number of boxes; choose it, or hide its boxes.

import { make, setAttributes, setText } from "./dom.mjs";

export class Palette {
  #rows = new Map();

  constructor(container, { choose, hide }) {
    this.container = container;
    this.handlers = { choose, hide };
  }

  /** Build the rows for a list of labels. */
  setLabels(labels) {
    this.container.replaceChildren();
    this.#rows.clear();
    for (const label of labels) this.#rows.set(label.name, this.#row(label));
  }

  show({ chosen, counts, hidden }) {
    for (const [name, row] of this.#rows) {
      const isHidden = hidden.has(name);
      const spoken = `${name}, ${counts.get(name) ?? 0} boxes${row.hotkey ? `, key ${row.hotkey}` : ""}`;
      setAttributes(row.choose, { "aria-pressed": String(name === chosen), "aria-label": spoken });
      setText(row.count, String(counts.get(name) ?? ""));
      row.line.classList.toggle("label-hidden", isHidden);
      setText(row.hide, isHidden ? "show" : "hide");
      setAttributes(row.hide, { "aria-label": `${isHidden ? "Show" : "Hide"} the boxes of ${name}` });
    }
  }

  #row(label) {
    const line = make("div", "label-row", this.container);
    const choose = make("button", "label-choose", line);
    choose.type = "button";
    choose.title = label.hotkey ? `${label.name}: choose with ${label.hotkey}` : label.name;
    make("span", "label-color", choose).style.background = label.color;
    make("span", "label-name", choose).textContent = label.name;
    const count = make("span", "label-count", choose);
    if (label.hotkey) make("kbd", "", choose).textContent = label.hotkey;
    const hide = make("button", "label-hide", line);
    hide.type = "button";
    hide.title = `Hide or show the boxes of ${label.name}`;
    choose.addEventListener("click", () => this.handlers.choose(label.name));
    hide.addEventListener("click", () => this.handlers.hide(label.name));
    return { line, choose, count, hide, hotkey: label.hotkey };
  }
}
