// A person follows an address, signs in and agrees: node browse.mjs < {"world": ..., "url": ..., "person": ...}
//
// Prints the address at which the application gets its answer.

import { text } from "node:stream/consumers";
import { approve } from "./people.mjs";

const { world, url, person } = JSON.parse(await text(process.stdin));
process.stdout.write(`${await approve(world, url, world.people[person])}\n`);
