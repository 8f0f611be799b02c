// Applications that speak for their organisation alone, with each way to prove who they are, and what is no proof.

import * as oidc from "openid-client";
import { ask, claims, configure, signingKey } from "../clients.mjs";
import { equal, holds } from "../steps.mjs";

const METHODS = ["service", "service-post", "service-jwt"];

const good = async (t, world, name) => {
  const step = (what, work) => t.step(`${name}: ${what}`, work);
  const config = await step("discovers the server", () => configure(world, name));
  const tokens = await step("gets a token", () => oidc.clientCredentialsGrant(config, { scope: world.clients[name].scope }));
  await step("gets no refresh token, and speaks for itself", () => {
    equal(tokens.refresh_token, undefined, "refresh token");
    const { iss, sub, client_id: client, gid, scope } = claims(tokens.access_token);
    equal([iss, sub, client, gid, scope], [world.issuer, client, world.clients[name].id, undefined, world.clients[name].scope], "claims");
  });
  await step("asks the graph", async () => equal((await ask(world, `Bearer ${tokens.access_token}`)).status, 200, "status"));
  const told = await step("looks its token up", () => oidc.tokenIntrospection(config, tokens.access_token));
  await step("finds it live", () => equal(told.active, true, "active"));
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
  const bound = await step("gets a token that is bound to a key", () => oidc.clientCredentialsGrant(config, {}, { DPoP }));
  await step("may not use it without", async () => {
    equal(bound.token_type, "dpop", "type");
    equal((await ask(world, `Bearer ${bound.access_token}`)).status, 401, "status");
  });
  await t.refused(`${name}: asks for a scope that is not its own`, "invalid_scope", () =>
    oidc.clientCredentialsGrant(config, { scope: "courses:review" }));
  await t.refused(`${name}: asks for a scope that nobody knows`, "invalid_scope", () =>
    oidc.clientCredentialsGrant(config, { scope: "root" }));
  await t.refused(`${name}: asks for another resource`, "invalid_target", () =>
    oidc.clientCredentialsGrant(config, { resource: "https://elsewhere.example/" }));
};

/** Assertions that are signed well and say what must not be believed. */
const ABUSES = {
  "for another server": (world) => (_, payload) => { payload.aud = "https://elsewhere.example"; },
  "for nobody": () => (_, payload) => { delete payload.aud; },
  "over already": () => (_, payload) => { payload.iat -= 600; payload.nbf -= 600; payload.exp = payload.iat + 60; },
  "good for an hour": () => (_, payload) => { payload.exp = payload.iat + 3600; },
  "without an end": () => (_, payload) => { delete payload.exp; },
  "without a number": () => (_, payload) => { delete payload.jti; },
  "of the future": () => (_, payload) => { payload.iat += 120; payload.nbf += 120; payload.exp += 120; },
  "by somebody else": () => (_, payload) => { payload.iss = "another"; },
  "about somebody else": () => (_, payload) => { payload.sub = "another"; },
  "with a key of another name": () => (header) => { header.kid = "another"; },
};

/** What the profile FAPI 2.0 forbids besides: the issuer is named, and it alone. */
const STRICT = {
  "for a list of servers": (world) => (_, payload) => { payload.aud = [world.issuer]; },
  "for the token endpoint": (world) => (_, payload) => { payload.aud = `${world.issuer}/oauth/token`; },
};

const abuse = async (t, world) => {
  for (const [what, change] of Object.entries(ABUSES)) {
    const config = await configure(world, "service-jwt", { modify: change(world) });
    await t.refused(`an assertion ${what} is no proof`, ["invalid_client", "invalid_request"], () => oidc.clientCredentialsGrant(config, {}));
  }
  for (const [what, change] of Object.entries(STRICT)) {
    const config = await configure(world, "service-fapi", { modify: change(world) });
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
    await t.refused(`fapi: an assertion ${what} is no proof`, "invalid_client", () => oidc.clientCredentialsGrant(config, {}, { DPoP }));
  }
  const strict = await configure(world, "service-fapi");
  await t.refused("fapi: a token that is bound to no key", ["invalid_request", "invalid_dpop_proof"], () => oidc.clientCredentialsGrant(strict, {}));
  await t.step("fapi: a token that is bound to one", async () => {
    const DPoP = oidc.getDPoPHandle(strict, await oidc.randomDPoPKeyPair("ES256"));
    equal((await oidc.clientCredentialsGrant(strict, {}, { DPoP })).token_type, "dpop", "type");
  });
  let jti;
  const keep = (_, payload) => { jti ??= payload.jti; payload.jti = jti; };
  const config = await configure(world, "service-jwt", { modify: keep });
  await t.step("an assertion proves once", () => oidc.clientCredentialsGrant(config, {}));
  await t.refused("an assertion does not prove twice", "invalid_client", () => oidc.clientCredentialsGrant(config, {}));
};

/** Signed otherwise than with the key that was registered. */
const forge = async (t, world) => {
  const { id, jwk } = world.clients["service-jwt"];
  const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const body = () => {
    const iat = Math.floor(Date.now() / 1000);
    return encode({ iss: id, sub: id, aud: world.issuer, jti: crypto.randomUUID(), iat, exp: iat + 60 });
  };
  const other = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const signed = async (header, key) => {
    const text = `${encode(header)}.${body()}`;
    return `${text}.${Buffer.from(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, Buffer.from(text))).toString("base64url")}`;
  };
  const { d: _, ...shown } = jwk;
  const { createHmac } = await import("node:crypto");
  const hmac = () => {
    const text = `${encode({ alg: "HS256", kid: jwk.kid })}.${body()}`;
    return `${text}.${createHmac("sha256", JSON.stringify(shown)).update(text).digest("base64url")}`;
  };
  const embedded = await crypto.subtle.exportKey("jwk", other.privateKey).then(({ d, ext, key_ops, ...rest }) => rest);
  const { key } = await signingKey(jwk);
  const forged = {
    "no signature": `${encode({ alg: "none" })}.${body()}.`,
    "a MAC with the public key": hmac(),
    "another key": await signed({ alg: "ES256", kid: jwk.kid }, other.privateKey),
    "a key that it brings itself": await signed({ alg: "ES256", jwk: embedded }, other.privateKey),
    "an algorithm that is not the key's": await signed({ alg: "RS256", kid: jwk.kid }, key),
  };
  for (const [what, assertion] of Object.entries(forged)) {
    await t.step(`an assertion with ${what} is no proof`, async () => {
      const response = await fetch(`${world.issuer}/oauth/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: id,
          client_assertion: assertion,
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }),
      });
      equal([response.status, (await response.json()).error], [401, "invalid_client"], "answer");
    });
  }
};

export default async (t, world) => {
  for (const name of METHODS) await good(t, world, name);
  await abuse(t, world);
  await forge(t, world);
  await t.step("a wrong secret is no proof", async () => {
    const response = await fetch(`${world.issuer}/oauth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${world.clients.service.id}:wrong`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    equal([response.status, (await response.json()).error], [401, "invalid_client"], "answer");
    holds(/^Basic /.test(response.headers.get("www-authenticate")), "the challenge names the scheme");
  });
};
