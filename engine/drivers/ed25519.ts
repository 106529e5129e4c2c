import { utils } from "ssh2";

/**
 * A new key, OpenSSH format. Neither ssh2 1.17.0 itself nor OpenSSH can read one in 170 of ssh2's keys; so each is read before it
 * is returned.
 */
export function generateEd25519(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519");
    if (!(utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
