// A marketplace's server acts for a person who agreed: it exchanges the person's token for a narrower one.

import * as oidc from "openid-client";
import { ask, claims, configure, request } from "../clients.mjs";
import { approve } from "../people.mjs";
import { equal, holds } from "../steps.mjs";

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

export default async (t, world) => {
  const front = await configure(world, "shop");
  const { parameters, checks } = await request(world, "shop");
  const back = await t.step("a person lets the shop in", () =>
    approve(world, oidc.buildAuthorizationUrl(front, parameters), world.people.participant));
  const tokens = await t.step("the shop gets its tokens", () => oidc.authorizationCodeGrant(front, back, checks));
  const server = await configure(world, "shop-server");
  const exchange = (more, config = server) =>
    oidc.genericGrantRequest(config, GRANT, { subject_token: tokens.access_token, subject_token_type: ACCESS_TOKEN, ...more });
  const narrow = { scope: "profile:read" };
  const given = await t.step("its server exchanges the token", () => exchange(narrow));
  await t.step("what it gets is the person's, narrower, no longer-lived, and says who acts", () => {
    const [before, after] = [claims(tokens.access_token), claims(given.access_token)];
    equal(given.issued_token_type, ACCESS_TOKEN, "issued type");
    equal([after.sub, after.gid], [before.sub, before.gid], "person and grant");
    equal(after.scope, "profile:read", "scope");
    equal(after.act?.sub, world.clients["shop-server"].id, "who acts");
    holds(after.exp <= before.exp, "it does not live longer");
    equal(given.refresh_token, undefined, "refresh token");
  });
  await t.step("it opens the graph", async () => equal((await ask(world, `Bearer ${given.access_token}`)).status, 200, "status"));
  await t.refused("a wider scope", "invalid_scope", () => exchange({ scope: "sessions:write" }));
  await t.refused("another resource", "invalid_target", () => exchange({ ...narrow, resource: "https://elsewhere.example/" }));
  await t.refused("a server of another organisation", ["invalid_grant", "invalid_request", "unauthorized_client"], async () =>
    exchange(narrow, await configure(world, "stranger-server")));
  await t.refused("what is no token", ["invalid_grant", "invalid_request"], () => exchange({ ...narrow, subject_token: "none" }));
  await t.refused("an exchanged token again", ["invalid_grant", "invalid_request"], () => exchange({ ...narrow, subject_token: given.access_token }));
  await t.step("the person's grant ends", () => oidc.tokenRevocation(front, tokens.refresh_token));
  await t.refused("a token of an ended grant", ["invalid_grant", "invalid_request"], () => exchange(narrow));
};
