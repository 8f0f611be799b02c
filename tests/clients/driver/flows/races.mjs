// Eight at once: whatever is spent is spent by one of them.

import * as oidc from "openid-client";
import { configure, request } from "../clients.mjs";
import { Away, Browser } from "../browser.mjs";
import { approve, decide, signIn } from "../people.mjs";
import { equal, holds } from "../steps.mjs";

const TWINS = 8;

const together = async (work) => {
  const done = await Promise.allSettled(Array.from({ length: TWINS }, () => work()));
  const won = done.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
  const lost = done.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  return { won, lost };
};

const oneWins = ({ won, lost }, error) => {
  equal(won.length, 1, "winners");
  for (const each of lost) equal([each.error, each.status], [error, 400], "what the others are told");
  return won[0];
};

const signedIn = async (world, name, browser) => {
  const config = await configure(world, name);
  const { parameters, checks } = await request(world, name);
  const back = await approve(world, oidc.buildAuthorizationUrl(config, parameters), world.people.participant, browser);
  return { config, checks, back };
};

export default async (t, world) => {
  const browser = new Browser(world.issuer);
  const one = await t.step("an application is let in", () => signedIn(world, "public", browser));
  await t.step(`${TWINS} use one code: one wins`, async () =>
    oneWins(await together(() => oidc.authorizationCodeGrant(one.config, one.back, one.checks)), "invalid_grant"));

  const two = await t.step("it is let in again", () => signedIn(world, "public", browser));
  const tokens = await t.step("and gets its tokens", () => oidc.authorizationCodeGrant(two.config, two.back, two.checks));
  const winner = await t.step(`${TWINS} use one refresh token: one wins`, async () =>
    oneWins(await together(() => oidc.refreshTokenGrant(two.config, tokens.refresh_token)), "invalid_grant"));
  await t.refused("and as it was used more than once, the grant has ended", "invalid_grant", () =>
    oidc.refreshTokenGrant(two.config, winner.refresh_token));

  const three = await configure(world, "basic");
  const { parameters, checks } = await request(world, "basic", { prompt: "consent" });
  const url = await t.step("a request is pushed", () => oidc.buildAuthorizationUrlWithPAR(three, parameters));
  const page = await t.step("the page can be looked at twice", async () => {
    await signIn(world, browser, await browser.open(url), world.people.participant);
    return signIn(world, browser, await browser.open(url), world.people.participant);
  });
  const codes = await t.step(`${TWINS} approvals give one code`, async () => {
    const { won } = await together(async () => {
      const end = await decide(browser, page, "allow");
      return end instanceof Away && end.url.searchParams.get("code") ? end.url : undefined;
    });
    const given = won.filter(Boolean);
    equal(given.length, 1, "codes");
    return given;
  });
  await t.step("which is good", () => oidc.authorizationCodeGrant(three, codes[0], checks));

  await t.step("a DPoP proof proves once", async () => {
    const config = await configure(world, "service");
    const keys = await oidc.randomDPoPKeyPair("ES256", { extractable: true });
    const jwk = await crypto.subtle.exportKey("jwk", keys.publicKey).then(({ kty, crv, x, y }) => ({ kty, crv, x, y }));
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = [
      { typ: "dpop+jwt", alg: "ES256", jwk },
      { jti: crypto.randomUUID(), htm: "POST", htu: `${world.issuer}/oauth/token`, iat: Math.floor(Date.now() / 1000) },
    ].map(encode).join(".");
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, Buffer.from(text));
    const proof = `${text}.${Buffer.from(signature).toString("base64url")}`;
    const { id, secret } = world.clients.service;
    const { won } = await together(async () => {
      const response = await fetch(config.serverMetadata().token_endpoint, {
        method: "POST",
        headers: { dpop: proof, authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
        body: new URLSearchParams({ grant_type: "client_credentials" }),
      });
      return { status: response.status, ...(await response.json()) };
    });
    equal(won.filter(({ status }) => status === 200).length, 1, "tokens");
    holds(won.every(({ status, error }) => status === 200 || error === "invalid_dpop_proof"), "the others are told why");
  });
};
