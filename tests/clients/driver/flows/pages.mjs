// What other sites, and people with bad intentions, try with the pages: forged forms, planted cookies, evil addresses.

import * as oidc from "openid-client";
import { configure, request } from "../clients.mjs";
import { Away, Browser } from "../browser.mjs";
import { signIn } from "../people.mjs";
import { equal, holds } from "../steps.mjs";

/** Where a form of another site says that it comes from, as browsers new and old tell it. */
const STRANGERS = {
  "another site": { origin: "https://elsewhere.example", "sec-fetch-site": "cross-site" },
  "another site, in an old browser": { origin: "https://elsewhere.example" },
  "a neighbour": { origin: "https://elsewhere.example", "sec-fetch-site": "same-site" },
  "nowhere": { origin: "null" },
};

const EVIL = [
  "https://elsewhere.example/", "//elsewhere.example/", "///elsewhere.example", "/\\elsewhere.example", "\\\\elsewhere.example",
  "http:elsewhere.example", "https:/elsewhere.example", "/%2f/elsewhere.example", "/account/..//elsewhere.example",
  "/account@elsewhere.example", "@elsewhere.example", "javascript:alert(1)", "data:text/html,x", "/account%0d%0aLocation:x",
  "/\t/elsewhere.example", " //elsewhere.example", "/account#//elsewhere.example", "/oauth/authorize\u2028//elsewhere.example",
  "//elsewhere.example/account", "/.//elsewhere.example", "/oauth/authorize/../../elsewhere", "ftp://elsewhere.example",
];

const typedIn = (page) => page.forms.find((form) => form.named("username"));
const decision = (page) => page.forms.find((form) => form.buttons.some(({ name }) => name === "decision"));

/** A form that is sent from elsewhere, or with a token that is not this browser's, does nothing. */
const forged = async (t, world, what, page, browser, form, values) => {
  const refused = async (name, send) =>
    t.step(`${what}: ${name} is refused`, async () => {
      const end = await send();
      holds(!(end instanceof Away), "the browser stays");
      holds(end.status === 400 || end.status === 403, `${end.status} is 400 or 403`);
    });
  for (const [name, headers] of Object.entries(STRANGERS))
    await refused(`a form from ${name}`, () => browser.send(page, form, values, form.buttons[0], headers));
  const other = new Browser(world.issuer);
  const foreign = typedIn(await other.open("/sign-in")).fields.find(({ name }) => name === "form_token").value;
  await refused("the token of another browser", () => browser.send(page, form, { ...values, form_token: foreign }));
  await refused("no token", () => browser.send(page, form, { ...values, form_token: "" }));
};

/** After each forged sign-in, code, consent and sign-out, everything is as it was. */
const forgeries = async (t, world) => {
  const browser = new Browser(world.issuer);
  const config = await configure(world, "basic");
  const { parameters } = await request(world, "basic", { prompt: "consent" });
  const url = oidc.buildAuthorizationUrl(config, parameters);
  const person = world.people.participant;
  const first = await browser.open(url);
  const form = typedIn(first);
  const typed = { [form.named("username")]: person.contact, [form.named("current-password")]: person.password };
  await forged(t, world, "sign-in", first, browser, form, typed);
  const asked = await t.step("a person signs in nevertheless", () => signIn(world, browser, first, person));
  await forged(t, world, "consent", asked, browser, decision(asked), {});
  const account = await t.step("the account page is shown", () => browser.open("/account"));
  equal(account.status, 200, "status");
  for (const each of account.forms.filter(({ method, fields }) => method === "POST" && fields.some(({ name }) => name === "form_token")).slice(0, 3))
    await forged(t, world, `account ${each.action}`, account, browser, each, {});
  await t.step("the person is still signed in", async () => equal((await browser.open("/account")).url.pathname, "/account", "page"));
};

/** A cookie that was there before somebody signed in is worth nothing afterwards. */
const fixation = async (t, world) => {
  const browser = new Browser(world.issuer);
  const planted = "planted-by-somebody-else-0123456789abcdef";
  for (const name of ["bekal-session", "bekal-sign-in", "bekal-form"]) browser.cookies.set(name, planted);
  await t.step("planted cookies do not keep anybody from signing in", async () => {
    const page = await signIn(world, browser, await browser.open("/sign-in?return_to=/account"), world.people.participant);
    equal(page.url.pathname, "/account", "page");
  });
  await t.step("the session has a secret of its own", () => holds(browser.cookies.get("bekal-session") !== planted, "the cookie changed"));
  await t.step("whoever planted the cookie is not signed in", async () => {
    const thief = new Browser(world.issuer);
    thief.cookies.set("bekal-session", planted);
    equal((await thief.open("/account")).url.pathname, "/sign-in", "page");
  });
  const held = browser.cookies.get("bekal-session");
  await t.step("signing out ends it on the server", async () => {
    const page = await browser.open("/sign-out");
    await browser.send(page, page.forms.find((form) => form.action.startsWith("/sign-out")) ?? page.forms[0]);
    const thief = new Browser(world.issuer);
    thief.cookies.set("bekal-session", held);
    equal((await thief.open("/account")).url.pathname, "/sign-in", "page");
  });
};

/** Wherever an address wants the browser to go afterwards, it goes to a page of ours. */
const redirects = async (t, world) => {
  const browser = new Browser(world.issuer);
  for (const evil of EVIL) {
    await t.step(`${JSON.stringify(evil)} leads nowhere else`, async () => {
      const page = await browser.open(`/sign-in?return_to=${encodeURIComponent(evil)}`);
      if (page.status === 400) return;
      const wanted = typedIn(page).fields.find(({ name }) => name === "return_to")?.value ?? "/account";
      holds(/^\/(account|device|oauth\/authorize)(\?[^\\]*)?$/.test(wanted), `${wanted} is a page of ours`);
    });
  }
  await t.step("also when it is written into the form", async () => {
    const page = await browser.open("/sign-in");
    const form = typedIn(page);
    const values = { [form.named("username")]: world.people.officer.contact, [form.named("current-password")]: world.people.officer.password };
    const end = await signIn(world, browser, await browser.send(page, form, { ...values, return_to: "//elsewhere.example/" }), world.people.officer);
    equal(end.url.pathname, "/account", "page");
  });
  await t.step("signing out for an application goes only where it registered", async () => {
    const { id } = world.clients.public;
    const end = await browser.open(`/oauth/end_session?client_id=${id}&post_logout_redirect_uri=${encodeURIComponent("https://elsewhere.example/")}`);
    holds(!(end instanceof Away), "the browser stays");
  });
};

/** Every page forbids what pages can be abused for. */
const headers = async (t, world) => {
  const browser = new Browser(world.issuer);
  for (const path of ["/sign-in", "/device", "/oauth/authorize?client_id=nobody"]) {
    await t.step(`${path} cannot be framed, kept, or made to run scripts`, async () => {
      const { headers: found } = await browser.open(path);
      const policy = found.get("content-security-policy") ?? "";
      for (const rule of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action"])
        holds(policy.includes(rule), `the policy has ${rule}: ${policy}`);
      holds(!/unsafe-inline|unsafe-eval/.test(policy), "no script is trusted for standing in the page");
      equal(found.get("cache-control"), "no-store", "cache-control");
      holds(["no-referrer", "same-origin"].includes(found.get("referrer-policy")), "no other site learns the address");
      equal(found.get("x-content-type-options"), "nosniff", "x-content-type-options");
      equal(found.get("access-control-allow-origin"), null, "access-control-allow-origin");
    });
  }
};

export default async (t, world) => {
  await forgeries(t, world);
  await fixation(t, world);
  await redirects(t, world);
  await headers(t, world);
};
