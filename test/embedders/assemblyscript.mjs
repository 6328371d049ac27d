// An AssemblyScript library with its generated bindings: strings, arrays, objects and exceptions; prints what it returned.
import { fail, histogram, mostFrequent, spellAll, sum } from "../guests/words.js";

console.log(spellAll("the quick brown föx"));
console.log(Array.from(histogram("hello world")).join(""));
const { word, count } = mostFrequent("a b c b a b".split(" "));
console.log(word, count);
console.log(sum([0.1, 0.2, 0.3], 10n));
try {
  fail("on purpose");
} catch (error) {
  console.log(error.message);
}
for (let i = 0; i < 200; i++) spellAll(`garbage ${i}`.repeat(10));
console.log(spellAll("still here"));
