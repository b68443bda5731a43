// Talking to the server. Every failure is an Error with a sentence for a person; `status` is 0 when nobody answered.

const TIMEOUT_MS = 20_000;

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

  annotations(image, annotator) {
    return this.#ask(`api/images/${encodePath(image)}/annotations?${new URLSearchParams({ annotator })}`);
  }

  labels() {
    return this.#ask("api/labels");
  }

  sendEdits(annotator, edits) {
    const body = JSON.stringify({ annotator, edits });
    return this.#ask("api/edits", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  }

  /** The address of an export; `choice` as data/exports.py takes it, lists as several values. */
  exportUrl(format, choice = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(choice)) for (const one of [value ?? []].flat()) if (one !== "") query.append(name, one);
    return `${this.base}api/export/${encodeURIComponent(format)}?${query}`;
  }

  async #ask(path, options = {}) {
    let answer;
    try {
      answer = await fetch(this.base + path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
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
