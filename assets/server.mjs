// Talking to the server. Every failure is an Error with a sentence for a person; `status` is 0 when nobody answered.

const TIMEOUT_MS = 20_000;
const STANDING_AT_ONCE = 500;
const OURS = { "X-Requested-With": "fetch" }; // which a form on another site cannot send

export class ServerError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The server's side of the contract, under the address the app is served at. */
export class Server {
  constructor(base) {
    this.base = base;
  }

  /** A stretch of the batch; see data/batch.py for the questions it takes. */
  images(questions) {
    return this.#ask(`api/images?${new URLSearchParams(questions)}`);
  }

  /** Cards of the gallery, ids alone, or boxes cut out; see callbacks/gallery.py. */
  gallery(questions) {
    return this.#ask(`api/gallery?${new URLSearchParams(questions)}`);
  }

  galleryIds(questions) {
    return this.#ask(`api/gallery/ids?${new URLSearchParams(questions)}`);
  }

  crops(questions) {
    return this.#ask(`api/crops?${new URLSearchParams(questions)}`);
  }

  annotations(image, annotator, signal = null) {
    return this.#ask(`api/images/${encodePath(image)}/annotations?${new URLSearchParams({ annotator })}`, { signal });
  }

  /** Why a picture did not come, and whether that may pass: {error, passing}. Throws if nobody answers. */
  async whyNot(address) {
    let answer;
    try {
      answer = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch {
      throw new ServerError("the server does not answer", 0);
    }
    const value = answer.ok ? null : await answer.json().catch(() => null);
    const otherwise = answer.ok ? "This browser cannot show the picture; the batch goes on." : `The server answered ${answer.status}.`;
    return { error: value?.error ?? otherwise, passing: answer.status === 503 };
  }

  labels() {
    return this.#ask("api/labels");
  }

  sendEdits(annotator, edits) {
    const body = JSON.stringify({ annotator, edits });
    return this.#ask("api/edits", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  }

  /** Of edits {id, image, box_id or null}: the ids of those that are still the last word on their box or state. */
  async standing(annotator, edits) {
    const found = new Set();
    for (let at = 0; at < edits.length; at += STANDING_AT_ONCE) {
      const body = JSON.stringify({ annotator, edits: edits.slice(at, at + STANDING_AT_ONCE) });
      const answer = await this.#ask("api/standing", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      for (const id of answer.standing) found.add(id);
    }
    return found;
  }

  /** The address of an export; `choice` as data/choices.py takes it, lists as several values. */
  exportUrl(format, choice = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(choice)) for (const one of [value ?? []].flat()) if (one !== "") query.append(name, one);
    return `${this.base}api/export/${encodePath(format)}?${query}`;
  }

  /** Post files for an import; `fields` as callbacks/http.py takes them. See #told. */
  bringIn(files, fields, { signal, progress }) {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    for (const { name, file } of files) body.append("file", file, name);
    return this.#told(`${this.base}api/imports`, { method: "POST", headers: OURS, body, signal }, progress);
  }

  takeBack(step) {
    return this.#ask(`api/imports/${step}/undo`, { method: "POST", headers: OURS });
  }

  exportReport(format, choice, { signal, progress }) {
    return this.#told(this.exportUrl(`${format}/report`, choice), { signal }, progress);
  }

  /** Long work: lines of JSON that say how far it is, and at last its result. Aborting `signal` stops the work itself. */
  async #told(url, options, progress) {
    const answer = await fetch(url, options).catch((error) => {
      throw options.signal.aborted ? error : new ServerError("the server does not answer", 0);
    });
    if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("application/x-ndjson")) {
      const value = await answer.json().catch(() => null);
      throw new ServerError(value?.error ?? `the server answered ${answer.status}`, answer.status);
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new ServerError("the server broke off", 0);
      const lines = (text + value).split("\n");
      text = lines.pop();
      for (const line of lines.filter(Boolean).map((one) => JSON.parse(one))) {
        if (line.error) throw new ServerError(line.error, 400);
        if (line.result) return line.result;
        progress(line);
      }
    }
  }

  async #ask(path, options = {}) {
    let answer;
    try {
      const late = AbortSignal.timeout(TIMEOUT_MS);
      answer = await fetch(this.base + path, { ...options, signal: options.signal ? AbortSignal.any([options.signal, late]) : late });
    } catch {
      throw new ServerError("the server does not answer", 0);
    }
    // A proxy's sign-in page is a perfectly good answer of the wrong kind.
    const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
    const value = isJson ? await answer.json().catch(() => null) : null;
    if (!answer.ok || value === null) {
      throw new ServerError(value?.error ?? `the server answered ${answer.status}`, answer.ok ? 0 : answer.status);
    }
    return value;
  }
}

const encodePath = (id) => id.split("/").map(encodeURIComponent).join("/");
