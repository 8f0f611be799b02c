// Steps of a flow: each is told in one line of JSON, and whatever fails makes the whole run fail.

import { isDeepStrictEqual } from "node:util";

const reason = (error) => {
  const parts = [error?.name, error?.code, error?.error, error?.error_description, error?.message, error?.cause?.message];
  return [...new Set(parts.filter((part) => typeof part === "string" && part))].join(": ") || String(error);
};

/** What the server refused, whatever the client made of it: its status and its OAuth error. */
const refusal = (error) => ({
  error: error?.error ?? error?.cause?.error ?? challenge(error),
  status: error?.status ?? error?.cause?.status ?? error?.response?.status,
});

const challenge = (error) => {
  const told = Array.isArray(error?.cause) ? error.cause : undefined;
  return told?.find((each) => each.parameters?.error)?.parameters.error;
};

/** Thrown when a step failed: what follows it would fail for its sake only. */
export class Stopped extends Error {}

export class Steps {
  constructor(flow, say) {
    this.flow = flow;
    this.say = say;
    this.count = 0;
    this.failures = 0;
  }

  /** Run one step and give what it gives. */
  async step(name, work) {
    this.count += 1;
    try {
      const given = await work();
      this.say({ flow: this.flow, step: name, ok: true });
      return given;
    } catch (error) {
      this.failures += 1;
      this.say({ flow: this.flow, step: name, ok: false, why: reason(error) });
      throw new Stopped(name);
    }
  }

  /** Run a step that the server must refuse, with this OAuth error. */
  async refused(name, wanted, work) {
    return this.step(name, async () => {
      let given;
      try {
        given = await work();
      } catch (error) {
        const { error: code, status } = refusal(error);
        if (![wanted].flat().includes(code)) throw new Error(`Refused as ${code} (${status}), not ${wanted}: ${reason(error)}`);
        if (!(status === undefined || (status >= 300 && status < 500))) throw new Error(`Refused with status ${status}`);
        return error;
      }
      throw new Error(`Not refused: ${JSON.stringify(given)?.slice(0, 200)}`);
    });
  }
}

export const equal = (found, wanted, what = "value") => {
  if (!isDeepStrictEqual(found, wanted))
    throw new Error(`${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
};

export const holds = (condition, what) => {
  if (!condition) throw new Error(`It does not hold that ${what}`);
};
