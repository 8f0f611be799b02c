// Signing in, as any application would: authorization code with PKCE (RFC 7636), tokens by fetch, refresh with rotation.
//
// Tokens live in this page's memory alone. A reload forgets them, and one click brings new ones, since the browser is
// still signed in at the server. In sessionStorage they would be copied into a duplicated tab, and two tabs that spend
// one refresh token look like a theft: the server would end the sign-in.

const CLIENT_ID = "graphiql";
const LEFT_WITH = "bekal:signing-in";
const RENEW_BEFORE_MS = 30_000;

const root = document.getElementById("graphiql");
export const issuer = root.dataset.issuer || location.origin;
const here = `${issuer}/graphiql`;

let state = { session: null, busy: false, note: null };
const listeners = new Set();
let pending = Promise.resolve();
let metadata = null;

export const current = () => state;

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(next) {
  state = { busy: false, note: null, ...next };
  listeners.forEach((listener) => listener());
}

// Go to the sign-in page. What is needed to finish waits in sessionStorage; it is of no use without the code.
export async function signIn() {
  if (location.origin !== new URL(issuer).origin) {
    location.assign(here); // cookies and the registered address belong to that name of this server
    return;
  }
  become({ session: null, busy: true });
  try {
    const { authorization_endpoint, scopes_supported } = await discover();
    const left = { verifier: random(), state: random(), nonce: random() };
    sessionStorage.setItem(LEFT_WITH, JSON.stringify(left));
    location.assign(
      `${authorization_endpoint}?${new URLSearchParams({
        response_type: "code",
        client_id: CLIENT_ID,
        redirect_uri: here,
        scope: scopes_supported.join(" "), // the server gives what the role may have
        state: left.state,
        nonce: left.nonce,
        code_challenge: base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(left.verifier))),
        code_challenge_method: "S256",
      })}`,
    );
  } catch (error) {
    become({ session: null, note: error.message });
  }
}

// Finish what signIn began, if the browser comes back from it. The address is cleaned first: it holds the code.
export function arrive() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("state") || !(answer.has("code") || answer.has("error"))) {
    return;
  }
  history.replaceState(null, "", location.pathname);
  const left = JSON.parse(sessionStorage.getItem(LEFT_WITH) ?? "null");
  sessionStorage.removeItem(LEFT_WITH);
  become({ session: null, busy: true });
  pending = finish(answer, left).catch((error) => become({ session: null, note: error.message }));
}

async function finish(answer, left) {
  if (left === null || answer.get("state") !== left.state || answer.get("iss") !== issuer) {
    throw new Error("This answer belongs to no sign-in that was begun in this tab. Sign in again.");
  }
  if (answer.has("error")) {
    throw new Error(answer.get("error") === "access_denied" ? "Not signed in." : answer.get("error_description"));
  }
  const session = await ask({
    grant_type: "authorization_code",
    code: answer.get("code"),
    redirect_uri: here,
    code_verifier: left.verifier,
  });
  const { iss, aud, nonce } = claimsOf(session.idToken);
  if (iss !== issuer || aud !== CLIENT_ID || nonce !== left.nonce) {
    throw new Error("The ID token is not for this sign-in. Sign in again.");
  }
  become({ session: { ...session, name: await nameOf(session) } });
}

async function nameOf({ accessToken }) {
  const { userinfo_endpoint } = await discover();
  const answer = await fetch(userinfo_endpoint, { headers: { authorization: `Bearer ${accessToken}` } });
  return answer.ok ? (await answer.json()).name : undefined; // not everybody has told one
}

// Sign out of the browser, too: the next click may sign in somebody else.
export async function signOut() {
  const { idToken } = state.session;
  const { end_session_endpoint } = await discover();
  become({ session: null });
  location.assign(
    `${end_session_endpoint}?${new URLSearchParams({
      id_token_hint: idToken,
      client_id: CLIENT_ID,
      post_logout_redirect_uri: here,
    })}`,
  );
}

// The header for a request to the graph, with a token that is still good when it arrives; nothing when signed out.
export async function authorization() {
  await pending;
  if (state.session !== null && state.session.expiresAt - RENEW_BEFORE_MS < Date.now()) {
    pending = renew(state.session); // whoever else asks meanwhile waits for the same answer
    await pending;
  }
  return state.session === null ? {} : { authorization: `Bearer ${state.session.accessToken}` };
}

async function renew(session) {
  try {
    const next = await ask({ grant_type: "refresh_token", refresh_token: session.refreshToken });
    become({ session: { ...session, ...next, idToken: next.idToken ?? session.idToken } });
  } catch (error) {
    if (error.ended) {
      ended();
    } else {
      throw error;
    }
  } finally {
    pending = Promise.resolve();
  }
}

// The server takes this sign-in no more: somebody ended it, here or elsewhere.
export function ended() {
  if (state.session !== null) {
    become({ session: null, note: "Your sign-in has ended." });
  }
}

async function ask(parameters) {
  const { token_endpoint } = await discover();
  const answer = await fetch(token_endpoint, {
    method: "POST",
    body: new URLSearchParams({ client_id: CLIENT_ID, ...parameters }),
  });
  const told = await answer.json();
  if (!answer.ok) {
    const error = new Error(told.error_description ?? told.error ?? `Sign-in failed with status ${answer.status}.`);
    error.ended = told.error === "invalid_grant";
    throw error;
  }
  const { role, scope } = claimsOf(told.access_token);
  return {
    accessToken: told.access_token,
    refreshToken: told.refresh_token,
    idToken: told.id_token,
    expiresAt: Date.now() + told.expires_in * 1000,
    role,
    scopes: scope.split(" ").filter((each) => each.includes(":")),
  };
}

async function discover() {
  metadata ??= fetch(`${issuer}/.well-known/oauth-authorization-server`).then((answer) => answer.json());
  const found = await metadata;
  if (found.issuer !== issuer) {
    metadata = null;
    throw new Error(`This page belongs to ${issuer}, but the server there calls itself ${found.issuer}.`);
  }
  return found;
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// They come straight from the server over the same connection, so their signatures need not be looked at here.
const claimsOf = (token) => {
  const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
};
