// SQLite's own wasm build (@sqlite.org/sqlite-wasm), whose glue finds functions in the exported table; prints what it found.
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";

const sqlite3 = await sqlite3InitModule({ print: () => {}, printErr: () => {} });
const db = new sqlite3.oo1.DB(":memory:");
db.createFunction("twice", (_context, x) => x * 2);
db.exec("CREATE TABLE items(id, name, big)");
db.transaction(() => {
  for (let i = 0; i < 200; i++) db.exec({ sql: "INSERT INTO items VALUES (?, ?, ?)", bind: [i, `item ${i}`, 2n ** 40n + BigInt(i)] });
});
console.log(JSON.stringify(db.selectArrays("SELECT sum(twice(id)), count(*), max(name) FROM items")));
console.log(String(db.selectValue("SELECT max(big) FROM items")));
try {
  db.exec("SELECT nothing");
} catch (error) {
  console.log(error.message);
}
console.log(sqlite3.version.libVersion, sqlite3.capi.sqlite3_libversion_number());
db.close();
