import { authorization, ended } from "./session.js";
import { INTROSPECTION, report } from "./status.jsx";

const MEDIA_TYPES = "application/graphql-response+json, application/json";

// Answers are shown as the server sent them, errors too: what a client program sees is what is learnt from.
export const fetcherOf = (endpoint) => async (parameters, options) => {
  const own = options?.headers ?? {};
  const token = named(own, "authorization") ? {} : await authorization(); // who types a header means it
  const started = performance.now();
  const answer = await post(endpoint, parameters, { ...token, ...own });
  const text = await answer.text();
  if (parameters.operationName !== INTROSPECTION) {
    report({
      status: answer.status,
      ms: performance.now() - started,
      bytes: new Blob([text]).size,
      requestId: answer.headers.get("x-request-id"),
    });
  }
  if (answer.status === 401 && token.authorization) {
    ended();
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(
      `${endpoint} answered ${answer.status} ${answer.statusText} and not JSON. ` +
        `Is a gateway between this page and Bekal? The answer begins: ${text.slice(0, 300)}`,
    );
  }
};

const named = (headers, name) => Object.keys(headers).some((each) => each.toLowerCase() === name);

async function post(endpoint, parameters, headers) {
  try {
    return await fetch(endpoint, {
      method: "POST",
      headers: { accept: MEDIA_TYPES, "content-type": "application/json", ...headers },
      body: JSON.stringify(parameters),
    });
  } catch (error) {
    throw new Error(
      `The request did not reach ${endpoint} (${error.message}). Check that the server runs and that every header has a valid name and value.`,
    );
  }
}
