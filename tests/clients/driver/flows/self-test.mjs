// Expects what is not so, once in each way of expecting: the driver must find all three wrong.

import * as oidc from "openid-client";
import { configure } from "../clients.mjs";
import { equal, Stopped } from "../steps.mjs";

export default async (t, world) => {
  const config = await configure(world, "service");
  const tried = [
    () => t.step("the issuer is another one", () => equal(config.serverMetadata().issuer, "https://elsewhere.example")),
    () => t.refused("good credentials are refused", "invalid_client", () => oidc.clientCredentialsGrant(config, {})),
    () => t.refused("an unknown token is refused otherwise", "invalid_client", () => oidc.refreshTokenGrant(config, "none")),
  ];
  for (const each of tried) {
    try {
      await each();
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }
};
