// People at a browser: they sign in, read the code from their phone or authenticator, and agree.

import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Away, Browser } from "./browser.mjs";

const PAGES_MAX = 8;
const MESSAGE_WAIT_MS = 20_000;

/** The code that an authenticator application shows now (RFC 6238: SHA-1, 30 s, six digits). */
export const totp = (secret, now = Date.now()) => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const each of secret.replace(/=+$/, "")) bits += alphabet.indexOf(each).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = mac.at(-1) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

const messages = async (world) => {
  const kept = await readFile(world.messages, "utf8").catch(() => "");
  return kept.split("\n").filter(Boolean).map((line) => JSON.parse(line));
};

/** How many messages there are: what comes later is new. */
export const inbox = async (world) => (await messages(world)).length;

/** Wait for a code that was sent to a person after the first `seen` messages. */
export const codeFor = async (world, person, seen) => {
  const until = Date.now() + MESSAGE_WAIT_MS;
  while (Date.now() < until) {
    const fresh = (await messages(world)).slice(seen).filter((message) => message.to === person.contact);
    const code = fresh.at(-1)?.text.match(/\b\d{6}\b/)?.[0];
    if (code) return code;
    await pause(50);
  }
  throw new Error(`No code reached ${person.contact} within ${MESSAGE_WAIT_MS} ms`);
};

const isDecision = (form) => form.buttons.some(({ name }) => name === "decision");

/** Go on from a page until it asks for a decision, or leads to the application. */
export const signIn = async (world, browser, page, person) => {
  let seen = await inbox(world);
  for (let count = 0; count < PAGES_MAX; count += 1) {
    if (page instanceof Away || page.forms.some(isDecision)) return page;
    if (page.status >= 400) throw new Error(`${page.url.pathname} answers ${page.status}: ${page.text.slice(0, 300)}`);
    const typed = page.forms.find((form) => form.named("username") || form.named("one-time-code") || form.named("current-password"));
    if (!typed) return page;
    const values = {};
    if (typed.named("username")) values[typed.named("username")] = person.contact;
    if (typed.named("current-password")) values[typed.named("current-password")] = person.password;
    if (typed.named("one-time-code"))
      values[typed.named("one-time-code")] = person.totp ? totp(person.totp) : await codeFor(world, person, seen);
    seen = await inbox(world).then((now) => (typed.named("one-time-code") ? now : seen));
    page = await browser.send(page, typed, values);
  }
  throw new Error(`Not signed in after ${PAGES_MAX} pages: ${page.text.slice(0, 300)}`);
};

/** Press a button of the page that asks for a decision: "allow" or "deny". */
export const decide = async (browser, page, decision, values = {}) => {
  if (page instanceof Away) return page;
  const form = page.forms.find(isDecision);
  if (!form) throw new Error(`${page.url?.pathname} asks for no decision: ${page.text.slice(0, 300)}`);
  const button = form.buttons.find(({ name, value }) => name === "decision" && value === decision);
  if (!button) throw new Error(`There is no button '${decision}': ${JSON.stringify(form.buttons)}`);
  return browser.send(page, form, values, button);
};

/** What a person does when an application sends the browser here: sign in where asked, agree where asked. */
export const approve = async (world, url, person, browser = new Browser(world.issuer)) => {
  const page = await signIn(world, browser, await browser.open(url), person);
  const end = await decide(browser, page, "allow");
  if (!(end instanceof Away)) throw new Error(`The browser stayed at ${end.url.pathname}: ${end.text.slice(0, 300)}`);
  return end.url;
};
