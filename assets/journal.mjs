// The browser's disk: edits that the server has not acknowledged, and the undo history. One transaction per edit,
// flushed before it counts as written, so that not even killing the browser loses a box that was seen.

const VERSION = 1;

/** Open the journal of one database of annotations. Rejects where the browser keeps nothing (private windows of some). */
export async function openJournal(name) {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("outbox", { keyPath: "edit.id" });
    request.result.createObjectStore("history", { keyPath: ["annotator", "image", "n"] });
    request.result.createObjectStore("cursors", { keyPath: ["annotator", "image"] });
  };
  return new Journal(await finished(request));
}

class Journal {
  constructor(database) {
    this.database = database;
    database.onversionchange = () => database.close();
  }

  /** Keep edits and the step of history they make, all or nothing. `entries` are {annotator, edit}. */
  write(entries, history) {
    return this.#change(["outbox", "history", "cursors"], (outbox, steps, cursors) => {
      for (const entry of entries) outbox.put(entry);
      if (!history) return;
      const { annotator, image, at, step, dropped, replayed, forgotten = [] } = history;
      for (const other of forgotten) {
        steps.delete(allOf(annotator, other));
        cursors.delete([annotator, other]);
      }
      if (replayed) steps.put({ annotator, image, ...replayed });
      if (!step) return cursors.put({ annotator, image, at });
      for (const n of dropped) steps.delete([annotator, image, n]);
      steps.put({ annotator, image, ...step });
      cursors.delete([annotator, image]); // a new step: all are done
    });
  }

  /** Every edit that is not acknowledged, in the order they were made. */
  async pending() {
    const entries = await this.#read("outbox", (outbox) => outbox.getAll());
    return entries.sort((a, b) => (a.edit.time < b.edit.time ? -1 : 1));
  }

  /** Mark edits as refused by the server; they stay. */
  refuse(entries) {
    return this.#change(["outbox"], (outbox) => entries.forEach((entry) => outbox.put(entry)));
  }

  /** Let go of edits that the server has. */
  forget(ids) {
    return this.#change(["outbox"], (outbox) => ids.forEach((id) => outbox.delete(id)));
  }

  /** The undo history of one image by one annotator: its steps, and how many of them are done. */
  async history(annotator, image) {
    const [steps, cursor] = await Promise.all([
      this.#read("history", (store) => store.getAll(allOf(annotator, image))),
      this.#read("cursors", (store) => store.get([annotator, image])),
    ]);
    return { steps, at: cursor?.at ?? steps.length };
  }

  #change(names, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(names, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser's disk refused the edit"));
      work(...names.map((name) => transaction.objectStore(name)));
      transaction.commit?.();
    });
  }

  #read(name, ask) {
    return finished(ask(this.database.transaction(name).objectStore(name)));
  }
}

/** All steps of an image's history. */
const allOf = (annotator, image) => IDBKeyRange.bound([annotator, image, -Infinity], [annotator, image, Infinity]);

function finished(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another tab holds an older version of this page; close it"));
  });
}
