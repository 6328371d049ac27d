// An AssemblyScript library with its generated bindings: strings, arrays and objects cross both ways.
import { histogram, mostFrequent, spellAll, sum } from "../../test/guests/words.js";

export async function prepare() {
  const words = Array.from({ length: 200 }, (_, i) => `w${(i * 7) % 31}`);
  const numbers = Array.from({ length: 1000 }, (_, i) => i / 3);
  return () => {
    const spelled = spellAll(words.join(" ")).length;
    const letters = histogram(words.join("")).reduce((a, b) => a + b, 0);
    const { word, count } = mostFrequent(words);
    return `${spelled},${letters},${word},${count},${sum(numbers, 10n)}`;
  };
}
