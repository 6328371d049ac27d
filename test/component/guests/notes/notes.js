// A command written in JavaScript: counts words, asks the clock and random numbers.
const text = "the quick brown fox jumps over the lazy dog and the dog sleeps on";

function countWords() {
  const counts = new Map();
  for (const word of text.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

export const run = {
  run() {
    console.log(countWords().map(([word, count]) => `${word}=${count}`).join(" "));
    console.log(`random ${Math.random()}`);
    console.log(`clock ${Date.now()}`);
  },
};
