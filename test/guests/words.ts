// An AssemblyScript library for test/embedders/assemblyscript.mjs: its generated bindings (words.js) pass strings, arrays and
// objects. Run as any module that exports these functions; not a WASI program.

// @ts-ignore: decorator
@external("../embedders/spelling.mjs", "spell")
declare function spell(word: string): string;

class Counted {
  word: string = "";
  count: i32 = 0;
}

export function spellAll(text: string): string {
  const words = text.split(" ");
  for (let i = 0; i < words.length; i++) words[i] = spell(words[i]);
  return words.join("|");
}

export function histogram(text: string): Uint32Array {
  const counts = new Uint32Array(26);
  for (let i = 0; i < text.length; i++) {
    const letter = text.charCodeAt(i) - 97;
    if (letter >= 0 && letter < 26) counts[letter]++;
  }
  return counts;
}

export function mostFrequent(words: string[]): Counted {
  const counts = new Map<string, i32>();
  for (let i = 0; i < words.length; i++) counts.set(words[i], (counts.has(words[i]) ? counts.get(words[i]) : 0) + 1);
  const best = new Counted();
  const keys = counts.keys();
  for (let i = 0; i < keys.length; i++) {
    if (counts.get(keys[i]) > best.count) {
      best.word = keys[i];
      best.count = counts.get(keys[i]);
    }
  }
  return best;
}

export function sum(values: f64[], scale: i64): f64 {
  let total: f64 = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total * <f64>scale;
}

export function fail(message: string): void {
  throw new Error(message);
}
