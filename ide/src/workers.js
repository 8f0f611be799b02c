// Monaco asks for a worker by its language. The build replaces WORKERS by the hashed names that lie beside this script.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    return new Worker(new URL(WORKERS[label] ?? WORKERS.editor, import.meta.url), { name: label });
  },
};
