// What an attacker, or a client with a fault, tries with codes, redirects and tokens.

import * as oidc from "openid-client";
import { configure, request } from "../clients.mjs";
import { Away, Browser } from "../browser.mjs";
import { approve, decide, signIn } from "../people.mjs";
import { equal, holds } from "../steps.mjs";

const start = async (world, name, more) => {
  const config = await configure(world, name);
  const { parameters, checks } = await request(world, name, more);
  return { config, checks, parameters, url: oidc.buildAuthorizationUrl(config, parameters) };
};

/** Codes in the wrong hands. */
const codes = async (t, world, browser) => {
  const person = world.people.participant;
  const one = await start(world, "public");
  const other = await start(world, "public");
  const back = await t.step("a person lets the application in", () => approve(world, one.url, person, browser));
  await t.refused("a code with the verifier of another sign-in", "invalid_grant", () =>
    oidc.authorizationCodeGrant(one.config, back, { ...one.checks, pkceCodeVerifier: other.checks.pkceCodeVerifier }));

  const two = await start(world, "basic");
  const taken = await approve(world, two.url, person, browser);
  const thief = await configure(world, "post");
  await t.refused("a code of another application", "invalid_grant", () => oidc.authorizationCodeGrant(thief, taken, two.checks));
  const tokens = await t.step("which its own can still use", () => oidc.authorizationCodeGrant(two.config, taken, two.checks));
  await t.refused("a code twice", "invalid_grant", () => oidc.authorizationCodeGrant(two.config, taken, two.checks));
  await t.refused("what came of a code that was used twice", "invalid_grant", () =>
    oidc.refreshTokenGrant(two.config, tokens.refresh_token));

  const three = await start(world, "public");
  const third = await approve(world, three.url, person, browser);
  await t.step("a code for another redirect", async () => {
    const response = await fetch(`${world.issuer}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: world.clients.public.id,
        code: third.searchParams.get("code"),
        code_verifier: three.checks.pkceCodeVerifier,
        redirect_uri: "http://127.0.0.1:1/callback/other",
      }),
    });
    equal([response.status, (await response.json()).error], [400, "invalid_grant"], "answer");
  });
};

/** The client library itself notices a mixed-up or forged answer, because of what the server sends with it. */
const answers = async (t, world, browser) => {
  const one = await start(world, "public");
  const back = await approve(world, one.url, world.people.participant, browser);
  const changed = (name, value) => {
    const url = new URL(back);
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
    return url;
  };
  const noticed = async (what, url, checks = one.checks) =>
    t.step(`the client notices ${what}`, async () => {
      const fault = await oidc.authorizationCodeGrant(one.config, url, checks).catch((error) => error);
      holds(fault instanceof Error && fault.status === undefined, "it refuses before it sends the code");
    });
  await noticed("an answer of another server", changed("iss", "https://elsewhere.example"));
  await noticed("an answer without an issuer", changed("iss", undefined));
  await noticed("an answer to somebody else", changed("state", "another"));
  await t.step("the client takes the true one", () => oidc.authorizationCodeGrant(one.config, back, one.checks));
};

/** Requests that come back to the application as an error, with issuer and state. */
const errors = async (t, world, browser) => {
  const told = async (what, error, more, visitor = browser) =>
    t.step(`${what}: ${error}`, async () => {
      const { url, parameters } = await start(world, "public", more);
      const end = await visitor.open(url);
      holds(end instanceof Away, `the browser goes back to the application (${end.text?.slice(0, 200)})`);
      const { searchParams: found } = end.url;
      equal([found.get("error"), found.get("state"), found.get("iss")], [error, parameters.state, world.issuer], "answer");
      holds(!found.has("code"), "there is no code");
    });
  await told("a scope that nobody knows", "invalid_scope", { scope: "openid root" });
  await told("a challenge in plain words", "invalid_request", { code_challenge_method: "plain" });
  await told("no challenge", "invalid_request", { code_challenge: "", code_challenge_method: "" });
  await told("tokens in the address", "unsupported_response_type", { response_type: "token" });
  await told("another resource", "invalid_target", { resource: "https://elsewhere.example/" });
  await told("nobody signed in, and no page wanted", "login_required", { prompt: "none" }, new Browser(world.issuer));
  await t.step("a person says no: access_denied", async () => {
    const { url, parameters } = await start(world, "basic", { prompt: "consent" });
    const page = await signIn(world, browser, await browser.open(url), world.people.participant);
    const end = await decide(browser, page, "deny");
    const { searchParams: found } = end.url;
    equal([found.get("error"), found.get("state"), found.get("iss")], ["access_denied", parameters.state, world.issuer], "answer");
  });
};

/** Requests that must end on a page of the server: nobody proved where the browser may go. */
const pages = async (t, world, browser) => {
  const stays = async (what, change) =>
    t.step(`${what} ends on our page`, async () => {
      const { url } = await start(world, "public");
      change(url);
      const end = await browser.open(url);
      holds(!(end instanceof Away), `the browser stays (${end.url})`);
      equal(end.status, 400, "status");
    });
  const to = (uri) => (url) => url.searchParams.set("redirect_uri", uri);
  const registered = world.clients.public.redirect;
  await stays("an unknown application", (url) => url.searchParams.set("client_id", "nobody"));
  await stays("another site", to("https://elsewhere.example/callback"));
  await stays("a longer path", to(`${registered}/more`));
  await stays("a query added", to(`${registered}?next=https://elsewhere.example`));
  await stays("another case", to(registered.toUpperCase()));
  await stays("a fragment", to(`${registered}#more`));
  await stays("a user in the address", to(registered.replace("127.0.0.1", "127.0.0.1@elsewhere.example")));
  await stays("a neighbour's name", to(registered.replace("127.0.0.1", "127.0.0.1.elsewhere.example")));
  await stays("a step upwards", to(registered.replace("/callback", "/x/../callback")));
  await stays("a redirect twice", (url) => url.searchParams.append("redirect_uri", registered));
  await stays("no redirect", (url) => url.searchParams.delete("redirect_uri"));
  await stays("a request_uri that nobody pushed", (url) => {
    url.search = new URLSearchParams({ client_id: world.clients.public.id, request_uri: "urn:ietf:params:oauth:request_uri:none" });
  });
};

export default async (t, world) => {
  const browser = new Browser(world.issuer);
  await codes(t, world, browser);
  await answers(t, world, browser);
  await errors(t, world, browser);
  await pages(t, world, browser);
};
