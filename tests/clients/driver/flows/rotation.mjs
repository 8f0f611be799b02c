// Refresh tokens of public applications: each is spent once, and one that is seen twice ends them all.

import * as oidc from "openid-client";
import { configure, request } from "../clients.mjs";
import { Browser } from "../browser.mjs";
import { approve } from "../people.mjs";
import { equal, holds } from "../steps.mjs";

export default async (t, world) => {
  const browser = new Browser(world.issuer);
  const enter = async (name, DPoP) => {
    const config = await configure(world, name);
    const handle = DPoP && oidc.getDPoPHandle(config, DPoP);
    const { parameters, checks } = await request(world, name);
    const back = await approve(world, oidc.buildAuthorizationUrl(config, parameters), world.people.participant, browser);
    return { config, DPoP: handle, tokens: await oidc.authorizationCodeGrant(config, back, checks, undefined, { DPoP: handle }) };
  };
  const renew = ({ config, DPoP }, token) => oidc.refreshTokenGrant(config, token, undefined, { DPoP });

  const one = await t.step("an application gets a token", () => enter("public"));
  const two = await t.step("it renews it", () => renew(one, one.tokens.refresh_token));
  await t.refused("somebody uses the first one again", "invalid_grant", () => renew(one, one.tokens.refresh_token));
  await t.refused("and the second one has ended with it", "invalid_grant", () => renew(one, two.refresh_token));

  const keys = await oidc.randomDPoPKeyPair("ES256");
  const bound = await t.step("an application gets a token that is bound to its key", () => enter("native", keys));
  const first = await t.step("it renews it", () => renew(bound, bound.tokens.refresh_token));
  const again = await t.step("it lost the answer, and asks again at once", () => renew(bound, bound.tokens.refresh_token));
  await t.step("it is given the same refresh token", () => equal(again.refresh_token, first.refresh_token, "refresh token"));
  const thief = { ...bound, DPoP: oidc.getDPoPHandle(bound.config, await oidc.randomDPoPKeyPair("ES256")) };
  await t.refused("a thief without the key gets nothing", ["invalid_grant", "invalid_dpop_proof"], () => renew(thief, again.refresh_token));
  const kept = await t.step("and takes nothing away", () => renew(bound, again.refresh_token));
  holds(kept.access_token, "the application goes on");
};
