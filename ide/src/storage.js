// GraphiQL's history keeps the headers of every request, so a token typed into the headers editor would stay on this
// computer. Here history keeps queries and variables only.
const HISTORIES = ["graphiql:queries", "graphiql:favorites"];

const withoutHeaders = (key, value) =>
  HISTORIES.includes(key) ? JSON.stringify(JSON.parse(value), (name, part) => (name === "headers" ? undefined : part)) : value;

const ours = () => Object.keys(localStorage).filter((key) => key.startsWith("graphiql:"));

export const storage = {
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, withoutHeaders(key, value)),
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => ours().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return ours().length;
  },
};

export const isFirstVisit = () => localStorage.getItem("graphiql:tabState") === null;
