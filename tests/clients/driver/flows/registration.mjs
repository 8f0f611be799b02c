// From an invitation to the first question, and how an application manages itself afterwards.

import * as oidc from "openid-client";
import { ask } from "../clients.mjs";
import { equal, holds } from "../steps.mjs";

const PATTERN = /^bkl_(?:live_cs|test_cs|rt|inv|reg)_[0-9A-Za-z]{49}$/;
const insecure = { execute: [oidc.allowInsecureRequests] };

const manage = async (registered, method, document) => {
  const response = await fetch(registered.registration_client_uri, {
    method,
    headers: { authorization: `Bearer ${registered.registration_access_token}`, "content-type": "application/json" },
    body: document && JSON.stringify(document),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : undefined };
};

export default async (t, world) => {
  const wanted = {
    client_name: "Uji Pendaftaran",
    redirect_uris: ["https://app.example/callback"],
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    response_types: ["code"],
    token_endpoint_auth_method: "client_secret_basic",
    scope: "openid courses:read",
  };
  const register = (document, token = world.invitation) =>
    oidc.dynamicClientRegistration(new URL(world.issuer), document, undefined, { initialAccessToken: token, ...insecure });
  await t.refused("without an invitation", ["invalid_token", undefined], () => register(wanted, "bkl_inv_none"));
  await t.refused("a redirect without https", "invalid_redirect_uri", () =>
    register({ ...wanted, redirect_uris: ["http://app.example/callback"] }));
  await t.refused("keys that would have to be fetched", "invalid_client_metadata", () =>
    register({ ...wanted, token_endpoint_auth_method: "private_key_jwt", jwks_uri: "http://127.0.0.1:1/jwks" }));
  const config = await t.step("an invitation registers an application", () => register(wanted));
  const made = config.clientMetadata();
  await t.step("its secrets have the published form", () => {
    for (const name of ["client_secret", "registration_access_token"]) holds(PATTERN.test(made[name]), `${name} fits the pattern`);
    equal(made.client_secret_expires_at, 0, "end of the secret");
  });
  await t.refused("the invitation again", ["invalid_token", undefined], () => register(wanted));
  const own = await oidc.discovery(new URL(world.issuer), made.client_id, {}, oidc.ClientSecretBasic(made.client_secret), insecure);
  const tokens = await t.step("the application gets a token", () => oidc.clientCredentialsGrant(own, {}));
  await t.step("and asks the graph", async () => equal((await ask(world, `Bearer ${tokens.access_token}`)).status, 200, "status"));

  const read = await t.step("it reads its registration", () => manage(made, "GET"));
  await t.step("which has no secret in it", () => {
    equal([read.status, read.body.client_id, read.body.client_secret], [200, made.client_id, undefined], "registration");
  });
  await t.step("it changes its name", async () => {
    const changed = await manage(made, "PUT", { ...wanted, client_id: made.client_id, client_name: "Nama Baru" });
    equal([changed.status, changed.body.client_name], [200, "Nama Baru"], "answer");
  });
  await t.step("it cannot become another's", async () => {
    equal((await manage(made, "PUT", { ...wanted, client_id: "another" })).status, 400, "status");
    equal((await manage({ ...made, registration_access_token: world.invitation }, "GET")).status, 401, "status");
  });
  await t.step("it removes itself", async () => equal((await manage(made, "DELETE")).status, 204, "status"));
  await t.step("and is gone", async () => equal((await manage(made, "GET")).status, 401, "status"));
  await t.refused("with all its rights", "invalid_client", () => oidc.clientCredentialsGrant(own, {}));
};
