// Signing out: from the application (RP-initiated logout), and everywhere.

import * as oidc from "openid-client";
import { configure, request } from "../clients.mjs";
import { Away, Browser } from "../browser.mjs";
import { approve } from "../people.mjs";
import { equal, holds } from "../steps.mjs";

export default async (t, world) => {
  const browser = new Browser(world.issuer);
  const config = await configure(world, "own");
  const partner = await configure(world, "public");
  const enter = async (name = "own", config_ = config) => {
    const { parameters, checks } = await request(world, name);
    const back = await approve(world, oidc.buildAuthorizationUrl(config_, parameters), world.people.participant, browser);
    return oidc.authorizationCodeGrant(config_, back, { ...checks, idTokenExpected: true });
  };
  const tokens = await t.step("a person signs in at an application of the programme", () => enter());
  const allowed = await t.step("and allows one of a partner", () => enter("public", partner));
  await t.step("and needs no password the second time", async () => {
    const before = browser.visited.length;
    await enter("public", partner);
    holds(!browser.visited.slice(before).some(({ path }) => path.startsWith("/sign-in")), "no sign-in page was shown");
  });
  const silent = async () => {
    const { parameters } = await request(world, "own", { prompt: "none" });
    const end = await browser.open(oidc.buildAuthorizationUrl(config, parameters));
    return end.url.searchParams.get("error");
  };
  await t.step("the application signs the person out", async () => {
    const url = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token });
    let page = await browser.open(url);
    if (!(page instanceof Away) && page.forms.length) page = await browser.send(page, page.forms[0]);
    holds(page instanceof Away || page.status === 200, "the browser ends somewhere");
  });
  await t.step("nobody is signed in any more", async () => equal(await silent(), "login_required", "error"));
  await t.refused("what the programme's application got in that session has ended", "invalid_grant", () =>
    oidc.refreshTokenGrant(config, tokens.refresh_token));
  await t.step("what the partner was allowed goes on until it is withdrawn", () =>
    oidc.refreshTokenGrant(partner, allowed.refresh_token));
};
