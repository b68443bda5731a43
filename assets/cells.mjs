// A cell of the gallery: a picture with boxes drawn over it, a name, a note, and a box to choose it by.

import { make, setAttributes, setText } from "./dom.mjs";

const SVG = "http://www.w3.org/2000/svg";

/** Build an empty cell. */
export function makeCell(element) {
  const link = make("a", "cell-open", element);
  link.tabIndex = 0; // also while it leads nowhere yet
  const frame = make("span", "cell-picture", link);
  const image = make("img", "", frame);
  Object.assign(image, { alt: "", decoding: "async", draggable: false });
  image.addEventListener("error", () => explain(element, image));
  image.addEventListener("load", () => element.classList.remove("cell-broken"));
  frame.append(document.createElementNS(SVG, "svg"));
  const line = make("span", "cell-line", element);
  make("input", "form-check-input cell-check", line).type = "checkbox";
  make("span", "cell-name", line);
  make("span", "cell-note", line);
}

/** Show an item in a cell, or none yet, its picture when `lanes` has room for it; `drawBoxes` and `sayWhy` add what is beside it. */
export function fillCell(element, lanes, item, { source, address, name, title, note, state, spoken }) {
  const [link, image, check] = ["a", "img", ".cell-check"].map((selector) => element.querySelector(selector));
  element.classList.remove("cell-current");
  if (source !== element.shownSource) {
    element.classList.remove("cell-broken"); // what was said of this very picture still holds
    element.querySelector(".cell-picture").dataset.reason = "cannot be shown";
    element.shownSource = source;
  }
  element.classList.toggle("cell-waiting", !item);
  element.dataset.state = state ?? "";
  lanes.show(image, source);
  if (address) link.href = address;
  else link.removeAttribute("href");
  setAttributes(link, { "aria-label": spoken ?? "", title: title ?? "" });
  check.hidden = !item;
  check.setAttribute("aria-label", item ? `Choose ${name}` : "");
  setText(element.querySelector(".cell-name"), name ?? "");
  setText(element.querySelector(".cell-note"), note ?? "");
}

/** Mark a cell whose picture did not come, and ask the server once more for the reason, which an image element hides. */
async function explain(element, image) {
  const address = image.getAttribute("src");
  element.classList.toggle("cell-broken", address !== null);
  if (address === null) return;
  const { error } = await fetch(address).then((answer) => (answer.ok ? {} : answer.json())).catch(() => ({}));
  if (error && image.getAttribute("src") === address) sayWhy(element, error);
}

/** Show the reason in the place of the picture, and the mend where there is room for it; the name stands below anyway. */
export function sayWhy(element, error) {
  const name = `${element.querySelector(".cell-name").textContent}: `;
  const reason = error.startsWith(name) ? error.slice(name.length) : error;
  element.querySelector(".cell-picture").dataset.reason = reason.split("; ")[0];
  element.querySelector("a").title += `: ${reason}`;
}

/** Boxes over a picture: `boxes` are [colour, path] and the view [left, top, width, height], in pixels of the picture. */
export function drawBoxes(element, view, boxes) {
  const svg = element.querySelector("svg");
  svg.replaceChildren();
  svg.setAttribute("viewBox", view.join(" "));
  for (const [stroke, d] of boxes) {
    const path = document.createElementNS(SVG, "path");
    setAttributes(path, { d, stroke });
    svg.append(path);
  }
}

/** The outlines of boxes given as corners after each other. */
export function outline(corners) {
  let line = "";
  for (let i = 0; i < corners.length; i += 4) line += `M${corners[i]},${corners[i + 1]}H${corners[i + 2]}V${corners[i + 3]}H${corners[i]}Z`;
  return line;
}
