// The panels beside the picture, which are drawers on a narrow screen.

const DRAWERS = { "labels-panel": "labels-toggle", "boxes-panel": "boxes-toggle" }; // each with the button that opens it
const byId = (id) => document.getElementById(id);

export class Panels {
  constructor() {
    for (const panel of Object.keys(DRAWERS)) {
      byId(panel).tabIndex = -1;
      byId(panel).addEventListener("keydown", (event) => this.#leave(event));
    }
  }

  /** Open a panel where it is a drawer, and close the other one, or close it; the focus goes along. */
  toggle(panel) {
    const open = !byId(panel).classList.contains("open");
    this.#open(open ? panel : null);
    if (open) byId(panel).focus();
  }

  /** Returns whether one was open. */
  close() {
    const wasOpen = document.querySelector(".panel.open") !== null;
    this.#open(null);
    return wasOpen;
  }

  /** Focus a control of the labels panel, which may be a closed drawer. */
  focusOn(id) {
    if (byId("labels-toggle").offsetParent) this.#open("labels-panel");
    byId(id).focus();
    byId(id).select();
  }

  #open(open) {
    for (const [panel, button] of Object.entries(DRAWERS)) {
      byId(panel).classList.toggle("open", panel === open);
      byId(button).setAttribute("aria-expanded", String(panel === open));
    }
  }

  /** Escape in a panel goes back to where it was opened from; the controls in it have taken theirs before. */
  #leave(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const button = byId(DRAWERS[event.currentTarget.id]);
    this.close();
    (button.offsetParent ? button : byId("graph")).focus({ preventScroll: true });
  }
}
