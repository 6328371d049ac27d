// A command in C for WASI 0.2, an instance for each run: reads standard input and prints it in upper case.
import { createHash } from "node:crypto";
import { componentMaker, runOf } from "./components.mjs";

export async function prepare() {
  const input = Buffer.from("the quick brown fox jumps over the lazy dog\n".repeat(2000));
  let hash;
  const make = componentMaker(["hello", "echo"], (bytes) => hash.update(bytes), input);
  return () => {
    hash = createHash("md5");
    runOf(make())();
    return hash.digest("hex");
  };
}
