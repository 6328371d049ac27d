// SQLite's own build: an indexed table, a join, and a function of ours that is called for each row.
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";

export async function prepare() {
  const sqlite3 = await sqlite3InitModule({ print: () => {}, printErr: () => {} });
  return () => {
    const db = new sqlite3.oo1.DB(":memory:");
    db.createFunction("twice", (_context, x) => x * 2);
    db.exec("CREATE TABLE items(id INTEGER PRIMARY KEY, name); CREATE INDEX names ON items(name)");
    db.transaction(() => {
      for (let i = 0; i < 300; i++) db.exec({ sql: "INSERT INTO items VALUES (?, ?)", bind: [i, `item ${i % 50}`] });
    });
    const rows = db.selectArrays("SELECT count(*), sum(twice(a.id)) FROM items a JOIN items b USING (name)");
    db.close();
    return rows.join();
  };
}
