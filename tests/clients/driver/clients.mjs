// The applications of the world, each as the strict client library sees it.

import * as oidc from "openid-client";

const ALGORITHMS = { ES256: { name: "ECDSA", namedCurve: "P-256" }, Ed25519: "Ed25519" };

export const signingKey = async (jwk) => ({
  key: await crypto.subtle.importKey("jwk", jwk, ALGORITHMS[jwk.alg ?? "ES256"], false, ["sign"]),
  kid: jwk.kid,
});

const authentication = async (application, modify) => {
  switch (application.method) {
    case "client_secret_basic":
      return oidc.ClientSecretBasic(application.secret);
    case "client_secret_post":
      return oidc.ClientSecretPost(application.secret);
    case "private_key_jwt":
      return oidc.PrivateKeyJwt(await signingKey(application.jwk), modify && { [oidc.modifyAssertion]: modify });
    default:
      return oidc.None();
  }
};

/** Discover the server as this application; `modify` changes its assertions before they are signed. */
export const configure = async (world, name, { modify, algorithm = "oidc" } = {}) => {
  const application = world.clients[name];
  if (!application) throw new Error(`The world has no application ${name}`);
  const config = await oidc.discovery(
    new URL(world.issuer),
    application.id,
    { redirect_uris: application.redirect ? [application.redirect] : [] },
    await authentication(application, modify),
    { algorithm, execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
  );
  return config;
};

/** What an authorization request is made of, and what its answer is held against. */
export const request = async (world, name, more = {}) => {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const parameters = {
    redirect_uri: world.clients[name].redirect,
    scope: world.clients[name].scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...more,
  };
  return { parameters, checks: { pkceCodeVerifier, expectedState, expectedNonce } };
};

/** Ask the graph with a token; gives the answer's status and document. */
export const ask = async (world, authorization, { proof, query = "{ __typename }" } = {}) => {
  const response = await fetch(`${world.issuer}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization && { authorization }), ...(proof && { dpop: proof }) },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, challenge: response.headers.get("www-authenticate"), body: await response.json() };
};

export const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
