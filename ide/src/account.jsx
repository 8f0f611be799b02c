import { useSyncExternalStore } from "react";

import { current, signIn, signOut, subscribe } from "./session.js";

const ROLES = {
  PARTICIPANT: "participant",
  INSTITUTION: "training institution",
  MARKETPLACE: "marketplace",
  PAYER: "payment partner",
  OFFICER: "officer",
  AUDITOR: "auditor",
};

// Who asks, and what the token may be used for.
export function Account() {
  const { session, busy, note } = useSyncExternalStore(subscribe, current);
  if (session === null) {
    return (
      <div className="bekal-account">
        {note && <span role="alert">{note}</span>}
        <button type="button" className="graphiql-button" disabled={busy} onClick={signIn}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </div>
    );
  }
  const { name, role, scopes } = session;
  return (
    <details className="bekal-account">
      <summary className="graphiql-button">
        <span>{name ?? "Signed in"}</span> <small>{ROLES[role] ?? role}</small>
      </summary>
      <div className="bekal-session" role="region" aria-label="Signed in">
        <p>
          Requests carry a token of <strong>{name ?? "this person"}</strong> as {ROLES[role] ?? role}. It may be used for:
        </p>
        <ul>
          {scopes.map((scope) => (
            <li key={scope}>
              <code>{scope}</code>
            </li>
          ))}
        </ul>
        <p>
          <a href="/account">Account</a>
          <button type="button" className="graphiql-button" onClick={signOut}>
            Sign out
          </button>
        </p>
      </div>
    </details>
  );
}
