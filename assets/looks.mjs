// How pictures with several pages, channels or more than eight bits are shown: one choice for the whole batch, of which
// each picture takes what it has. Boxes do not depend on it.

import { setText } from "./dom.mjs";

const PLAIN = { page: 1, channel: 0, low: 0.5, high: 99.5 };
const TINTS = ["red", "green", "blue", "cyan", "magenta", "yellow"]; // as data/stack_views.py has them
const byId = (id) => document.getElementById(id);

export class Looks {
  /** `memory` keeps the choice; `changed()` is called when there is a new one. */
  constructor({ memory, setProps, changed }) {
    Object.assign(this, { memory, setProps, changed });
    this.chosen = { ...PLAIN, ...remembered(memory.get("look")) };
  }

  /** What is added to the address of a picture, given which looks it has: {pages, channels, bits} or null. */
  query(view) {
    if (!view) return "";
    const look = this.#of(view);
    return Object.entries(look).map(([name, value]) => (value === PLAIN[name] ? "" : `&${name}=${value}`)).join("");
  } // prettier-ignore

  /** Whether every picture is shown as it is without a choice. */
  get isPlain() {
    return Object.entries(PLAIN).every(([name, value]) => this.chosen[name] === value);
  }

  /** Take what the controls say; numbers that cannot be are passed over. */
  choose({ page, channel, low, high }) {
    const view = this.view ?? { pages: 1, channels: 1 };
    const shown = this.#of(view); // which is less than what is chosen where a picture has less
    const chosen = { ...this.chosen };
    const wanted = Number.isInteger(page) ? Math.max(1, Math.min(view.pages, page)) : shown.page;
    if (Number.isInteger(page) && wanted !== page) this.setProps("look-page", { value: wanted });
    if (wanted !== shown.page) chosen.page = wanted;
    if (Number.isInteger(Number(channel ?? NaN)) && Number(channel) !== shown.channel) chosen.channel = Number(channel);
    if (Number(low) < Number(high)) Object.assign(chosen, { low: Number(low), high: Number(high) });
    if (JSON.stringify(chosen) === JSON.stringify(this.chosen)) return;
    this.chosen = chosen;
    this.memory.set("look", JSON.stringify(chosen));
    this.#tell(chosen.low, chosen.high);
    this.changed();
  }

  /** Go some pages on or back; false where there is no other. */
  turn(by) {
    const { pages } = this.view ?? { pages: 1 };
    const page = Math.max(1, Math.min(pages, this.#of(this.view ?? { pages: 1 }).page + by));
    if (page === this.chosen.page) return false;
    this.setProps("look-page", { value: page });
    this.choose({ ...this.chosen, page });
  }

  reset() {
    for (const [name, value] of Object.entries(PLAIN)) this.setProps(`look-${name}`, { value: name === "channel" ? "0" : value });
    this.choose(PLAIN);
  }

  /** Offer what the picture on screen has. */
  show(view) {
    this.view = view;
    byId("look-panel").hidden = !view;
    if (!view) return;
    const { page, channel, low, high } = this.#of(view);
    byId("look-page-row").hidden = view.pages < 2;
    byId("look-channel-row").hidden = view.channels < 2;
    byId("look-contrast").hidden = view.bits <= 8;
    setText(byId("look-pages"), `of ${view.pages}`);
    byId("look-others").hidden = !view.others;
    setText(byId("look-others"), view.others === 1 ? "Another page of this file is not shown." : `${view.others} more pages of this file are not shown.`);
    this.setProps("look-page", { value: page });
    const names = Array.from({ length: view.channels }, (_, n) => `${n + 1} ${view.names[n] ?? ""} (${TINTS[n] ?? "not in All"})`);
    const options = ["All", ...names].map((label, n) => ({ label, value: String(n) }));
    this.setProps("look-channel", { options, value: String(channel) });
    this.#tell(low, high);
    this.setProps("look-low", { value: low });
    this.setProps("look-high", { value: high });
  }

  #tell(low, high) {
    for (const [name, value] of [["Black", low], ["White", high]]) {
      const text = globalThis.document?.querySelector(`#look-${name === "Black" ? "low" : "high"}-row span`);
      if (text) setText(text, `${name} ${value} %`);
    }
  } // prettier-ignore

  #of({ pages = 1, channels = 1 }) {
    const { page, channel, low, high } = this.chosen;
    return { page: Math.min(page, pages), channel: channel <= channels && channels > 1 ? channel : 0, low, high };
  }
}

/** What was chosen at an earlier visit; nothing if it is damaged. */
function remembered(text) {
  try {
    return JSON.parse(text ?? "{}");
  } catch {
    return {}; // a courtesy: nothing depends on it
  }
}
