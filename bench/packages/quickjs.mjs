// A JavaScript engine in wasm: a script that calls us a thousand times, and one that only computes.
import { getQuickJS } from "quickjs-emscripten";

export async function prepare() {
  const engine = await getQuickJS();
  return () => {
    const vm = engine.newContext();
    const host = vm.newFunction("host", (x) => vm.newNumber(vm.getNumber(x) + 1));
    vm.setProp(vm.global, "host", host);
    host.dispose();
    const evaluate = (code) => {
      const result = vm.unwrapResult(vm.evalCode(code));
      const value = vm.dump(result);
      result.dispose();
      return value;
    };
    const called = evaluate("let sum = 0; for (let i = 0; i < 1000; i++) sum += host(i); sum");
    const computed = evaluate("let x = 1; for (let i = 1; i < 20000; i++) x = (x * 31 + i) % 65521; x");
    vm.dispose();
    return `${called},${computed}`;
  };
}
