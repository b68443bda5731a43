// The dialogs that ask a person for something: who they are, and why they skip an image.

const byId = (id) => document.getElementById(id);
const setProps = (id, props) => window.dash_clientside.set_props(id, props);

export class Dialogs {
  #skipping = null; // what is done with the reason that the skip dialog asks for

  constructor(page) {
    this.page = page;
  }

  named(annotator) {
    setProps("annotator-name", { value: annotator });
    setProps("welcome-name", { value: annotator });
  }

  /** A name was typed: in the bar, or in the dialog (`close`). An empty one keeps the one there is. */
  nameGiven(value, close = false) {
    const { page } = this;
    const name = (value ?? "").trim().replace(/\s+/g, " ");
    if (name && name !== page.name) {
      page.view.commitCell();
      const image = page.session.image ?? new URLSearchParams(location.search).get("image");
      page.become(name, image).then(() => page.session.commitUnnamed()).catch((error) => page.view.warn(`Not kept yet: ${error.message}.`));
    } else if (!name && page.name) this.named(page.name);
    if (!close) return;
    if (page.name) return this.#closeHelp();
    byId("welcome-name").classList.add("is-invalid");
    byId("welcome-name").focus();
    page.view.say("Type a name first");
  }

  openHelp() {
    setProps("help-dialog", { is_open: true });
  }

  #closeHelp() {
    setProps("help-dialog", { is_open: false });
  }

  helpToggled(isOpen, name) {
    if (isOpen) setTimeout(() => this.#helpShown(), 100);
    else {
      if (name) this.nameGiven(name);
      this.#focusPictureSoon();
    }
  }

  #helpShown() {
    if (!byId("welcome-name")) return; // closed again
    byId("help-close").textContent = this.page.name ? "Close" : "Start";
    if (!this.page.name) byId("welcome-name").focus();
  }

  /** Once a dialog has gone it gives the focus back; where that was nowhere, the picture gets it. */
  #focusPictureSoon() {
    const look = () => {
      if (document.querySelector(".modal")) setTimeout(look, 50);
      else if (document.activeElement === document.body) byId("graph").focus({ preventScroll: true });
    };
    setTimeout(look, 50);
  }

  /** Ask why the image on screen is skipped; the answer is for that image, whatever is on screen by then, or for `then`. */
  askReason(then = null, what = "this image") {
    const { session } = this.page;
    if (this.#skipping || !(then || session.annotation)) return;
    setProps("skip-title", { children: `Skip ${what}` });
    if (!session.annotator) return this.openHelp();
    const { image } = session;
    this.#skipping = then ?? ((reason) => this.page.skip(reason, image));
    setProps("skip-reason", { value: "" });
    setProps("skip-dialog", { is_open: true });
    const look = () => (byId("skip-reason") ? byId("skip-reason").focus() : this.#skipping && setTimeout(look, 5));
    look();
  }

  skipClosed(isOpen) {
    if (isOpen) return;
    this.#skipping = null;
    this.#focusPictureSoon();
  }

  closeSkip() {
    const then = this.#skipping;
    if (!then) return;
    this.#skipping = null;
    setProps("skip-dialog", { is_open: false });
    then(byId("skip-reason").value.trim());
  }
}
