// The DataTable: writing the rows, and making operations of what a person changes there.

import { sameCorners } from "./geometry.mjs";

const COORDINATES = { X0: "x0", Y0: "y0", X1: "x1", Y1: "y1" };
const ROW_HEIGHT_PX = 31;
const MENU_SHUTS_MS = 40;
const TAKEN_OVER_MS = 250; // longest that Dash needs from the end of typing to its callback

export class Table {
  #waiting = null;

  byHand = false; // whether the last thing done was done with the pointer, and not with a key
  #pressed = false;
  #presses = 0; // of the mouse and of keys, ever
  #committing = -Infinity; // when a typed value was last let go of: its callback comes a moment later

  constructor({ id, setProps, message }) {
    Object.assign(this, { id, setProps, message });
    // A cell that is being edited is left alone, and so is the table between press and click, or the click would find
    // another row under it. What came meanwhile is written after that.
    const inTable = (event) => Boolean(event.target.closest?.(`#${id}`));
    addEventListener("pointerdown", (event) => {
      this.#pressed = inTable(event);
      this.byHand = true;
      // A press elsewhere ends the typing here and now: the table would put the old value back.
      const { activeElement } = document;
      if (this.#editing(activeElement) && !activeElement.closest("td").contains(event.target)) activeElement.blur();
    }, true); // prettier-ignore
    addEventListener("keydown", () => (this.byHand = false), true);
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => (this.#pressed = false), true);
    addEventListener("pointerup", (event) => {
      if (event.target.closest?.(`#${id} .dash-delete-cell`)) this.#committing = performance.now(); // its click comes first
    }, true); // prettier-ignore
    for (const name of ["pointerup", "pointercancel", "focusout", "keyup"]) {
      addEventListener(name, () => this.#waiting && setTimeout(() => this.#writeWaiting()), true);
    }
    addEventListener("keydown", (event) => this.#letOut(event), true);
    // Typing ends by Enter, Tab or an arrow, or by going elsewhere; only then Dash tells what was typed.
    for (const name of ["keydown", "focusout", "pointerdown"]) {
      addEventListener(name, (event) => {
        const ends = name !== "keydown" || ["Enter", "Tab", "ArrowUp", "ArrowDown"].includes(event.key);
        const element = name === "focusout" ? event.target : document.activeElement;
        if (ends && this.#editing(element)) this.#committing = performance.now();
      }, true); // prettier-ignore
    }
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, () => (this.#presses += 1), true);
    addEventListener("pointerdown", (event) => this.#keepMenuOpen(event.target.closest?.(`#${id} .Select`)), true);
  }

  /** The table keeps Tab to itself and never lets go: unless something is typed, Tab goes its usual way, Escape out. */
  #letOut(event) {
    if (!event.target.closest?.(`#${this.id}`) || this.beingEdited) return;
    if (event.key === "Tab") event.stopImmediatePropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    document.getElementById("graph").focus();
  }

  /** The first click on a menu of another cell makes that cell the active one, which shuts the menu: open it again. */
  #keepMenuOpen(select) {
    const press = this.#presses; // another one, of mouse or key, has chosen from the menu or gone elsewhere
    if (!select || select.classList.contains("is-open")) return;
    addEventListener("click", () => setTimeout(() => {
      const control = select.querySelector(".Select-control");
      if (press === this.#presses && select.isConnected && !select.classList.contains("is-open")) {
        control.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, button: 0 }));
      }
    }, MENU_SHUTS_MS), { once: true, capture: true }); // prettier-ignore
  }

  /** Show rows, and mark the one with the selected id, turning to its page or to a new row's. */
  write(rows, selected) {
    this.#waiting = { rows, selected };
    this.#writeWaiting();
  }

  /** How many rows there is room for. */
  setRoom(height_px) {
    const pageSize = Math.max(5, Math.floor(height_px / ROW_HEIGHT_PX));
    if (pageSize !== this.pageSize) this.setProps(this.id, { page_size: (this.pageSize = pageSize) });
  }

  /** Whether a person is at a cell: it was entered, or something else than its value is typed in it, or its menu is open. */
  get beingEdited() {
    return this.#editing(document.activeElement) || Boolean(document.querySelector(`#${this.id} .Select.is-open`));
  }

  #editing(element) {
    const input = element?.closest?.(`#${this.id} td input`);
    if (!input) return false;
    const shown = input.parentElement.querySelector(".input-cell-value-shadow")?.textContent ?? input.value;
    return input.value !== shown || input.classList.contains("focused");
  }

  /** Resolves when no cell is being edited and what was typed has been taken over. */
  async settled() {
    while (this.beingEdited || performance.now() - this.#committing < TAKEN_OVER_MS) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** The value that was typed has arrived. */
  taken() {
    this.#committing = -Infinity;
  }

  #writeWaiting() {
    if (!this.#waiting || this.#pressed || this.beingEdited) return;
    const wait = TAKEN_OVER_MS - (performance.now() - this.#committing);
    if (wait > 0) return void setTimeout(() => this.#writeWaiting(), wait);
    const { rows, selected } = this.#waiting;
    this.#waiting = null;
    const props = {};
    const inView = this.#toShow(rows, selected);
    if (rows !== this.rows) props.data = this.rows = rows;
    if (selected !== this.selected) {
      this.selected = selected;
      props.style_data_conditional = selected ? [...AT_CELL, marked(selected)] : AT_CELL;
    }
    if (rows[0]?.image !== this.image) Object.assign(props, { page_current: 0, active_cell: null, selected_cells: [] }); // or the table takes the keys again
    this.image = rows[0]?.image;
    const index = inView ? rows.findIndex((row) => row.id === inView) : -1;
    if (index >= 0 && this.pageSize) props.page_current = Math.floor(index / this.pageSize);
    if (Object.keys(props).length) this.setProps(this.id, props);
  }

  /** The id of the row to turn to: one that was just selected, else one that was just drawn, which is the last. */
  #toShow(rows, selected) {
    if (selected && selected !== this.selected) return selected;
    const sameImage = this.rows?.length && rows.length && this.rows[0].image === rows[0].image;
    return sameImage && rows.length > this.rows.length && rows.at(-1).id !== this.rows.at(-1).id ? rows.at(-1).id : null;
  }

  /** Forget what is shown, so that the next write writes: after an edit that was refused. */
  forget() {
    this.rows = null;
  }
}

const AT_CELL = ["active", "selected"].map((state) => ({
  if: { state },
  backgroundColor: "var(--selected-row)",
  border: "1px solid var(--bs-primary)",
}));

const marked = (id) => ({
  if: { filter_query: `{id} = "${id}"` },
  backgroundColor: "var(--selected-row)",
  color: "inherit",
});

/**
 * What a person changed: [{image, id, deleted}] or [{image, id, column, value}]. `rows` and `before` are the table's
 * rows after and before. A person deletes one row at a time; where more are missing, the rows are another image's that
 * were written meanwhile, and say nothing of these.
 */
export function changesBetween(rows, before) {
  const now = new Map((rows ?? []).map((row) => [row.id, row]));
  const missing = (before ?? []).filter((row) => !now.has(row.id));
  const written = missing.length > 1 || rows?.some((row) => row.image !== before?.[0]?.image);
  const changes = written ? [] : missing.map(({ image, id }) => ({ image, id, deleted: true }));
  for (const old of before ?? []) {
    const row = now.get(old.id);
    for (const column of row ? ["Type", ...Object.keys(COORDINATES)] : []) {
      if (row[column] !== old[column]) changes.push({ image: old.image, id: old.id, column, value: row[column] });
    }
  }
  return changes;
}

/** The box with a cell's new value, or {problem} that says what was found and what is expected. */
export function row_to_box(box, { column, value }, picture, labels) {
  if (column === "Type") return labels.has(value) ? { ...box, label: value } : { problem: `${value} is no label.` };
  const text = String(value ?? "").trim();
  const number = Number(text);
  if (text === "" || !Number.isFinite(number)) return { problem: `${column}: “${short(text)}” is no number.` };
  const result = { ...box, [COORDINATES[column]]: number };
  const limit = column.startsWith("X") ? picture.width : picture.height;
  if (number < 0 || number > limit) return { problem: `${column}: ${short(text)} is outside the picture, which goes from 0 to ${limit}.` };
  for (const [low, high] of [["X0", "X1"], ["Y0", "Y1"]]) {
    if (column !== low && column !== high) continue;
    const gap = result[COORDINATES[high]] - result[COORDINATES[low]];
    if (gap < 1) return { problem: `${column}: ${short(text)} would turn the box over; ${low} must be at least 1 less than ${high}.` };
  }
  return sameCorners(result, box) ? box : result;
}

const short = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);
