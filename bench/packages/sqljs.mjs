// SQLite compiled by Emscripten: rows go in one by one, and a query calls a function of ours for each.
import initSqlJs from "sql.js";

export async function prepare() {
  const SQL = await initSqlJs();
  return () => {
    const db = new SQL.Database();
    db.create_function("twice", (x) => x * 2);
    db.run("CREATE TABLE items(id INTEGER, name TEXT, weight REAL)");
    const insert = db.prepare("INSERT INTO items VALUES (?, ?, ?)");
    for (let i = 0; i < 500; i++) insert.run([i, `item ${i}`, i / 7]);
    insert.free();
    const [found] = db.exec("SELECT sum(twice(id)), max(name), avg(weight) FROM items WHERE id % 3 = 0");
    db.close();
    return found.values.join();
  };
}
