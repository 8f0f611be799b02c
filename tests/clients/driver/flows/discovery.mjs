// What the server says of itself: both documents, the keys, and the resource.

import { configure } from "../clients.mjs";
import { equal, holds } from "../steps.mjs";

const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "k"];
const SCOPES = ["openid"];

export default async (t, world) => {
  const oidc = await t.step("the OpenID document is taken", async () =>
    (await configure(world, "public")).serverMetadata());
  const oauth = await t.step("the OAuth document is taken", async () =>
    (await configure(world, "public", { algorithm: "oauth2" })).serverMetadata());
  await t.step("both name the same issuer and endpoints", () => {
    equal(oidc.issuer, world.issuer, "issuer");
    for (const [name, value] of Object.entries(oauth)) if (name.endsWith("_endpoint")) equal(oidc[name], value, name);
  });
  await t.step("every endpoint is this server's", () => {
    for (const [name, value] of Object.entries(oidc))
      if (name.endsWith("_endpoint")) holds(value.startsWith(`${world.issuer}/`), `${name} begins with the issuer`);
  });
  await t.step("what is unsafe is not offered", () => {
    equal(oidc.response_types_supported, ["code"], "response types");
    equal(oidc.code_challenge_methods_supported, ["S256"], "challenge methods");
    for (const grant of ["implicit", "password"]) holds(!oidc.grant_types_supported.includes(grant), `${grant} is absent`);
    equal(oidc.authorization_response_iss_parameter_supported, true, "iss in answers");
    for (const name of ["token_endpoint_auth_signing_alg_values_supported", "dpop_signing_alg_values_supported"])
      holds(oidc[name].every((each) => ["ES256", "PS256", "Ed25519", "EdDSA"].includes(each)), `${name} are strong`);
  });
  await t.step("what partners need is offered", () => {
    for (const grant of ["authorization_code", "refresh_token", "client_credentials",
      "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:device_code"])
      holds(oidc.grant_types_supported.includes(grant), `${grant} is there`);
    for (const scope of SCOPES) holds(oidc.scopes_supported.includes(scope), `${scope} is there`);
    holds(oidc.pushed_authorization_request_endpoint, "requests can be pushed");
    holds(oidc.registration_endpoint, "applications can register");
  });
  await t.step("keys are public, named once, and for signatures", async () => {
    const { keys } = await (await fetch(oidc.jwks_uri)).json();
    holds(keys.length > 0, "there is a key");
    equal(new Set(keys.map(({ kid }) => kid)).size, keys.length, "number of names");
    for (const key of keys) {
      equal(PRIVATE.filter((member) => member in key), [], "private members");
      equal(key.alg, "ES256", "algorithm");
    }
  });
  await t.step("the resource names its authorization server", async () => {
    const response = await fetch(`${world.issuer}/.well-known/oauth-protected-resource/graphql`);
    const { resource, authorization_servers: servers } = await response.json();
    equal(resource, `${world.issuer}/graphql`, "resource");
    equal(servers, [world.issuer], "authorization servers");
  });
};
