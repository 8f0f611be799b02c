// Sign in with a browser and use what comes of it, once for each kind of application.

import * as oidc from "openid-client";
import { ask, claims, configure, request } from "../clients.mjs";
import { Browser } from "../browser.mjs";
import { approve } from "../people.mjs";
import { equal, holds } from "../steps.mjs";

const ACCESS_LIFE_MAX_S = 300;

/** How each application comes: whether it pushes its request first, and binds what it gets to a key. */
const KINDS = {
  public: { pushed: false, bound: false },
  native: { pushed: false, bound: true },
  basic: { pushed: true, bound: false },
  post: { pushed: false, bound: false },
  jwt: { pushed: true, bound: true },
  fapi: { pushed: true, bound: true },
};

const run = async (t, world, browser, name, { pushed, bound }) => {
  const step = (what, work) => t.step(`${name}: ${what}`, work);
  const config = await step("discovers the server", () => configure(world, name));
  const DPoP = bound ? oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256")) : undefined;
  const { parameters, checks } = await request(world, name);
  const url = pushed
    ? await step("pushes its request", () => oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }))
    : oidc.buildAuthorizationUrl(config, bound ? { ...parameters, dpop_jkt: await DPoP.calculateThumbprint() } : parameters);
  if (pushed) equal([...url.searchParams.keys()].sort(), ["client_id", "request_uri"], "what stands in the address");
  const back = await step("is let in by a person", () => approve(world, url, world.people.participant, browser));
  await step("gets issuer and state back", () => {
    equal(back.searchParams.get("iss"), world.issuer, "iss");
    equal(back.searchParams.get("state"), checks.expectedState, "state");
  });
  const tokens = await step("exchanges the code", () =>
    oidc.authorizationCodeGrant(config, back, { ...checks, idTokenExpected: true }, undefined, { DPoP }));
  await step("gets a short token of the right type", () => {
    equal(tokens.token_type, bound ? "dpop" : "bearer", "type");
    holds(tokens.expires_in > 0 && tokens.expires_in <= ACCESS_LIFE_MAX_S, `${tokens.expires_in} s are minutes`);
    holds(tokens.refresh_token, "there is a refresh token");
  });
  await step("reads the identity", () => {
    const { iss, aud, acr, amr, sub } = tokens.claims();
    equal(iss, world.issuer, "iss");
    equal([aud].flat(), [world.clients[name].id], "aud");
    equal(amr.includes("pwd"), true, "a password was shown");
    holds(acr && sub && sub === claims(tokens.access_token).sub, "both tokens name the same person");
  });
  const user = await step("asks who it is", () => oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP }));
  equal(user.sub, tokens.claims().sub, "sub");
  await use(step, world, config, tokens, DPoP);
  const renewed = await step("renews its token", () => oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }));
  const rotated = world.clients[name].method === "none";
  await step(rotated ? "gets another refresh token" : "keeps its refresh token", () =>
    equal((renewed.refresh_token ?? tokens.refresh_token) !== tokens.refresh_token, rotated, "rotation"));
  await use(step, world, config, renewed, DPoP);
  await leave(step, t, world, name, config, { ...tokens, ...renewed }, DPoP);
};

/** A token opens the graph; one that is bound opens it only with its key. */
const use = async (step, world, config, tokens, DPoP) => {
  await step("asks the graph", async () => {
    const body = JSON.stringify({ query: "{ __typename }" });
    const response = await oidc.fetchProtectedResource(config, tokens.access_token, new URL(`${world.issuer}/graphql`), "POST", body,
      new Headers({ "content-type": "application/json" }), { DPoP });
    equal([response.status, await response.json()], [200, { data: { __typename: "Query" } }], "answer");
  });
  if (!DPoP) return;
  await step("is nobody without its key", async () => {
    for (const scheme of ["Bearer", "DPoP"]) {
      const { status, body, challenge } = await ask(world, `${scheme} ${tokens.access_token}`);
      equal([status, body.errors[0].extensions.code], [401, "UNAUTHENTICATED"], `answer to ${scheme}`);
      holds(/DPoP/.test(challenge), "the challenge asks for a proof");
    }
  });
};

/** Confidential applications look their token up and end it; others just end it. */
const leave = async (step, t, world, name, config, tokens, DPoP) => {
  const confidential = world.clients[name].method !== "none";
  if (confidential) {
    const told = await step("looks its token up", () => oidc.tokenIntrospection(config, tokens.access_token));
    await step("finds it live", () => equal([told.active, told.client_id], [true, world.clients[name].id], "what is told"));
  }
  await step("ends the grant", () => oidc.tokenRevocation(config, tokens.refresh_token));
  if (confidential) {
    const told = await step("looks its token up again", () => oidc.tokenIntrospection(config, tokens.access_token));
    await step("finds it dead, and nothing else", () => equal({ ...told }, { active: false }, "what is told"));
  }
  await t.refused(`${name}: cannot renew it any more`, "invalid_grant", () =>
    oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP }));
};

export default async (t, world) => {
  const browser = new Browser(world.issuer);
  for (const [name, kind] of Object.entries(KINDS)) await run(t, world, browser, name, kind);
};
