// Keys to actions. The bindings come from layout/keys.py with the page, so that the help shows what is listened to.

/** What a key that is held down does only once. */
const ONCE = new Set(["done", "skip", "new", "paste", "duplicate", "copy-previous", "delete", "hide", "crosshair"]);

/** The name of a key event as layout/keys.py writes it. */
export function keyName(event) {
  const key = /^Digit\d$/.test(event.code) && !event.shiftKey ? event.code.slice(5) : event.key.toLowerCase();
  return [event.ctrlKey || event.metaKey ? "mod+" : "", event.shiftKey ? "shift+" : "", event.altKey ? "alt+" : "", key].join("");
}

/** Whether the keys typed at an element belong to it: text is being written, or a control is operated. */
export function keepsKeys(element, name) {
  if (!element || element === document.body) return false;
  if (element.closest(".modal, .dash-dropdown-content, [role=listbox]")) return true;
  if (/^mod\+(shift\+)?[zy]$/.test(name) && element.closest("#annotations-table")) return element.matches("input.focused");
  if (element.closest("#annotations-table")) return element.closest("td, th") !== null;
  if (element.matches("input[type=range]")) return /arrow|page|home|end/.test(name);
  if (element.matches("input[type=checkbox]")) return name === "space" || name === " ";
  if (element.matches("input, textarea, select, [contenteditable=true]")) return true;
  if (element.matches("button, a, [role=button], summary, .dash-dropdown")) return name === "enter" || name === " ";
  return false;
}

/** Listen for keys; `perform(action, key)` returns false if the key should do what it always does. */
export function listen({ bindings, perform, holdSpace }) {
  addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const name = keyName(event);
    const onPicture = event.target === document.body || event.target.id === "graph"; // its modebar has buttons of its own
    if (keepsKeys(event.target, name)) return;
    if (event.key === " ") {
      if (onPicture) {
        holdSpace(true);
        event.preventDefault();
      }
      return;
    }
    const action = bindings[name];
    if (event.repeat && ONCE.has(action)) return event.preventDefault();
    if (!action || (action.startsWith("select-") && !onPicture)) return;
    if (perform(action, event.key) !== false) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  addEventListener("keyup", (event) => event.key === " " && holdSpace(false));
  addEventListener("blur", () => holdSpace(false));
}
