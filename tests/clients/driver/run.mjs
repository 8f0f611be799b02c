// Runs flows of real clients against a running server: node run.mjs FLOW... < world.json
//
// The world says where the server is, and which applications and people there are. Each step is one line of JSON on
// standard output; the exit code is 1 when one failed.

import { text } from "node:stream/consumers";
import { Steps, Stopped } from "./steps.mjs";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const world = JSON.parse(await text(process.stdin));
let failures = 0;
for (const name of process.argv.slice(2)) {
  const { default: flow } = await import(`./flows/${name}.mjs`);
  const steps = new Steps(name, say);
  try {
    await flow(steps, world);
  } catch (error) {
    if (!(error instanceof Stopped)) {
      steps.failures += 1;
      say({ flow: name, step: "between steps", ok: false, why: error.stack });
    }
  }
  failures += steps.failures;
  say({ flow: name, steps: steps.count, failures: steps.failures });
}
process.exitCode = failures ? 1 : 0;
