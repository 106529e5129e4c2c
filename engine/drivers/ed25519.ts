import { utils } from "ssh2";

/**
 * A new key, OpenSSH format. Of those that ssh2 1.17.0 makes, one in 170 is read neither by itself nor by OpenSSH; so each is read
 * before it is given away.
 */
export function generateEd25519(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519");
    if (!(utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}
