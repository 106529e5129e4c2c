import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, it } from "vitest";
import { renderSeed, renderSpentSeed } from "../../render/seed";
import { renderSeedImage, SEED_BYTES } from "../../render/seed-image";

const SECTOR = 2048;
const HOST = { name: "pg1-srv", address: "10.0.0.11", mac: "52:54:00:00:00:0b" };
const SEED = renderSeed({
  host: HOST,
  user: "lab",
  authorizedKey: "ssh-ed25519 AAAA deployment",
  hostKey: { privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\n", publicKey: "ssh-ed25519 BBBB" },
});

/** The whole image, as `site/seed-write.sh` makes it. */
const imageOf = (seed: Parameters<typeof renderSeedImage>[0]): Buffer =>
  Buffer.concat([Buffer.alloc(16 * SECTOR), Buffer.from(renderSeedImage(seed), "base64")]);

/** The files of an image, as ISO 9660 leads to them: from the descriptor to the root folder, and by its records. */
function filesOf(image: Buffer): Record<string, string> {
  const root = image.readUInt32LE(16 * SECTOR + 156 + 2) * SECTOR;
  const files: Record<string, string> = {};
  for (let at = root; image[at] !== 0; at += image[at] ?? 0) {
    const [sector, bytes] = [image.readUInt32LE(at + 2), image.readUInt32LE(at + 10)];
    expect([image.readUInt32BE(at + 6), image.readUInt32BE(at + 14)]).toEqual([sector, bytes]);
    const name = image.toString("latin1", at + 33, at + 33 + (image[at + 32] ?? 0));
    if (name.length > 1) files[name] = image.toString("utf8", sector * SECTOR, sector * SECTOR + bytes);
  }
  return files;
}

it("makes an image with label cidata and the two files of a NoCloud seed", () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "lab-seed-")), "seed.iso");
  fs.writeFileSync(file, imageOf(SEED));
  expect(execFileSync("blkid", ["-o", "export", file], { encoding: "utf8" })).toContain(
    "BLOCK_SIZE=2048\nLABEL=cidata\nTYPE=iso9660\n",
  );
  fs.rmSync(path.dirname(file), { recursive: true });
  expect(filesOf(imageOf(SEED))).toEqual({ "META-DATA.;1": SEED.metaData, "USER-DATA.;1": SEED.userData });
});

it("makes every image as long as its volume, so that one leaves nothing of another", () => {
  expect([SEED, renderSpentSeed(HOST)].map((seed) => imageOf(seed).length)).toEqual([SEED_BYTES, SEED_BYTES]);
  expect(SEED_BYTES).toBe(25 * SECTOR);
});

it("puts a seed without a key in the place of one that was read: the same instance, nothing to do", () => {
  expect(renderSpentSeed(HOST)).toEqual({ metaData: SEED.metaData, userData: "#cloud-config\n{}\n" });
});

it("refuses a seed that is too long", () => {
  expect(() => renderSeedImage({ metaData: "", userData: "é".repeat(3 * 1024 + 1) })).toThrow(
    "a seed's user-data must have at most 6144 bytes, got 6146",
  );
});
