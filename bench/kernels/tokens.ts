// AssemblyScript: tokenizes generated JSON text and counts its keys in a hash map, `n` documents; strings, a map and the collector at work.

class Reader {
  at: i32 = 0;
  constructor(public text: string) {}

  skip(): void {
    while (this.at < this.text.length && this.text.charCodeAt(this.at) <= 32) this.at++;
  }

  /** Next token: a punctuation mark, a quoted string without its quotes, or a number; "" at the end. */
  next(): string {
    this.skip();
    if (this.at >= this.text.length) return "";
    const first = this.text.charCodeAt(this.at);
    const start = this.at;
    if (first == 34) {
      this.at++;
      while (this.text.charCodeAt(this.at) != 34) this.at++;
      this.at++;
      return this.text.substring(start + 1, this.at - 1);
    }
    if (first >= 48 && first <= 57) {
      while (this.at < this.text.length && this.text.charCodeAt(this.at) >= 48 && this.text.charCodeAt(this.at) <= 57) this.at++;
      return this.text.substring(start, this.at);
    }
    this.at++;
    return this.text.charAt(start);
  }
}

const words: string[] = ["name", "size", "colour", "weight", "left", "right", "above", "below", "parent", "child"];

function write(document: i32): string {
  let seed: u32 = <u32>document * 2654435761 + 1;
  let text = "{";
  for (let i = 0; i < 12; i++) {
    seed = seed * 1664525 + 1013904223;
    const word = words[<i32>((seed >> 16) % 10)];
    if (i > 0) text += ", ";
    text += '"' + word + '": ' + ((seed >> 8) % 1000).toString();
  }
  return text + "}";
}

export function run(n: i32): i32 {
  const counts = new Map<string, i32>();
  let sum = 0;
  for (let document = 0; document < n; document++) {
    const reader = new Reader(write(document));
    let key = "";
    for (let token = reader.next(); token.length > 0; token = reader.next()) {
      const first = token.charCodeAt(0);
      if (first >= 97 && first <= 122) key = token;
      else if (first >= 48 && first <= 57) {
        sum += I32.parseInt(token);
        counts.set(key, (counts.has(key) ? counts.get(key) : 0) + 1);
      }
    }
  }
  for (let i = 0; i < words.length; i++) sum = sum * 31 + (counts.has(words[i]) ? counts.get(words[i]) : 0);
  return sum;
}
