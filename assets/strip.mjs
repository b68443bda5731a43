// The strip of thumbnails around the present image, each with its state.

import { make, setAttributes } from "./dom.mjs";

const SHOWN = 12; // to each side, and as many more on the other where there are fewer on one; the strip scrolls

export class Strip {
  #buttons = new Map();

  constructor(container, { lanes, open }) {
    Object.assign(this, { container, lanes, open });
  }

  show(entries, at) {
    const first = Math.max(0, Math.min(at - SHOWN, entries.length - 2 * SHOWN - 1));
    const near = entries.slice(first, first + 2 * SHOWN + 1);
    const wanted = new Set(near.map((entry) => entry.id));
    for (const [id, button] of this.#buttons) if (!wanted.has(id)) this.#remove(id, button);
    near.forEach((entry, index) => {
      const button = this.#buttons.get(entry.id) ?? this.#make(entry);
      if (this.container.children[index] !== button) this.container.insertBefore(button, this.container.children[index] ?? null);
      const current = entry.id === entries[at]?.id;
      const broken = button.classList.contains("thumb-broken") ? ", cannot be shown" : "";
      const title = `${entry.id}: ${entry.state}, ${entry.boxes} boxes${broken}`;
      setAttributes(button, { title, "aria-label": title, "data-state": entry.state, "aria-current": String(current) });
      if (current && this.current !== entry.id) this.#centre(button);
      if (current) this.current = entry.id;
    });
    const here = near.findIndex((entry) => entry.id === entries[at]?.id);
    const byDistance = near.map((entry, index) => [Math.abs(index - here), entry]).sort(([a], [b]) => a - b);
    for (const [, entry] of byDistance) this.lanes.show(this.#buttons.get(entry.id).firstChild, entry.thumbnail);
  }

  #remove(id, button) {
    this.lanes.show(button.firstChild, null);
    button.remove();
    this.#buttons.delete(id);
  }

  #centre(button) {
    const { container } = this;
    requestAnimationFrame(() => {
      container.scrollLeft = button.offsetLeft - container.offsetLeft - (container.clientWidth - button.clientWidth) / 2;
    });
  }

  #make(entry) {
    const button = make("button", "thumb", this.container);
    button.type = "button";
    const image = make("img", "", button);
    Object.assign(image, { decoding: "async", alt: "", draggable: false });
    image.addEventListener("error", () => button.classList.add("thumb-broken"));
    image.addEventListener("load", () => button.classList.remove("thumb-broken"));
    button.addEventListener("click", () => this.open(entry.id));
    this.#buttons.set(entry.id, button);
    return button;
  }
}
