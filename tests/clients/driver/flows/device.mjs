// A tool without a browser signs a member of staff in: the person types a code elsewhere and says yes.

import * as oidc from "openid-client";
import { claims, configure } from "../clients.mjs";
import { Browser } from "../browser.mjs";
import { decide, signIn } from "../people.mjs";
import { equal, holds } from "../steps.mjs";

const allow = async (world, url, person, decision) => {
  const browser = new Browser(world.issuer);
  let page = await signIn(world, browser, await browser.open(url), person);
  // A code that stands in the address still wants to be looked at, and sent.
  if (!page.forms.some((form) => form.buttons.some(({ name }) => name === "decision")))
    page = await browser.send(page, page.forms.find((form) => form.fields.some(({ name }) => name === "user_code")));
  return decide(browser, page, decision);
};

export default async (t, world) => {
  const config = await t.step("the tool discovers the server", () => configure(world, "tool"));
  const begin = () => oidc.initiateDeviceAuthorization(config, { scope: world.clients.tool.scope });
  const device = await t.step("it asks for a code", begin);
  await t.step("the code is short and short-lived", () => {
    holds(/^[A-Z0-9]{4}-?[A-Z0-9]{4}$/.test(device.user_code), `${device.user_code} can be typed`);
    holds(device.expires_in <= 900, "it ends within minutes");
    holds(device.verification_uri.startsWith(world.issuer), "the page is ours");
  });
  const poll = (code) => oidc.genericGrantRequest(config, "urn:ietf:params:oauth:grant-type:device_code", { device_code: code });
  await t.refused("nobody has said yes yet", "authorization_pending", () => poll(device.device_code));
  await t.refused("it asks too soon again", "slow_down", () => poll(device.device_code));
  await t.step("a person says yes", () => allow(world, device.verification_uri_complete, world.people.officer, "allow"));
  const tokens = await t.step("the tool gets its tokens", () => oidc.pollDeviceAuthorizationGrant(config, device));
  await t.step("it acts as staff", () => equal(claims(tokens.access_token).role, "OFFICER", "role"));
  await t.refused("the code is spent", "invalid_grant", () => poll(device.device_code));

  const refused = await t.step("it asks for another code", begin);
  await t.step("a person says no", () => allow(world, refused.verification_uri_complete, world.people.auditor, "deny"));
  await t.refused("the tool is told so", "access_denied", () => poll(refused.device_code));
  await t.refused("nobody gave it this code", ["invalid_grant", "expired_token"], () => poll("none"));
};
