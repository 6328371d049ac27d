/** Put before a program by `node --import`: from then on `WebAssembly` is our namespace. Fails the program when it never used it. */
import { createJsApi } from "../../jsapi/namespace.ts";

const { WebAssembly, machine } = createJsApi();
Object.defineProperty(globalThis, "WebAssembly", { value: WebAssembly, writable: true, enumerable: false, configurable: true });
process.on("exit", () => {
  if (machine.store.tick === 0) process.exitCode = 99;
});
