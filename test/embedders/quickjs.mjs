// A JavaScript engine in wasm (quickjs-emscripten): values and functions cross both ways, exceptions too; prints what scripts returned.
import { getQuickJS } from "quickjs-emscripten";

const engine = await getQuickJS();
const vm = engine.newContext();
const host = vm.newFunction("host", (x) => vm.newNumber(vm.getNumber(x) + 1));
vm.setProp(vm.global, "host", host);
host.dispose();
const thrower = vm.newFunction("thrower", () => {
  throw new Error("from the host");
});
vm.setProp(vm.global, "thrower", thrower);
thrower.dispose();

function evaluate(code) {
  const result = vm.evalCode(code);
  if (result.error) {
    const { name, message } = vm.dump(result.error);
    result.error.dispose();
    return `${name}: ${message}`;
  }
  const value = vm.dump(result.value);
  result.value.dispose();
  return JSON.stringify(value);
}

console.log(evaluate("let sum = 0; for (let i = 0; i < 500; i++) sum += host(i); sum"));
console.log(evaluate("({ squares: [1, 2, 3].map((x) => x * x), third: 1 / 3, big: String(2n ** 100n) })"));
console.log(evaluate("JSON.stringify([...'grüße'].reverse()) + /(\\d+)-(\\d+)/.exec('10-20').slice(1)"));
console.log(evaluate("try { thrower() } catch (e) { e.message + '!' }"));
console.log(evaluate("null.x"));
console.log(evaluate("function deep(n) { return n === 0 ? 0 : 1 + deep(n - 1) } deep(200)"));
vm.dispose();
