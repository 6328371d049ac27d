// SQLite compiled by Emscripten (sql.js): SQL calls back into JavaScript functions, also into one that throws; prints what it found.
import initSqlJs from "sql.js";

const SQL = await initSqlJs();
const db = new SQL.Database();
db.create_function("twice", (x) => x * 2);
db.create_function("fail", () => {
  throw new Error("the function failed");
});
db.create_function("nested", (x) => db.exec(`SELECT ${x} + 1`)[0].values[0][0]);
db.run("CREATE TABLE items(id INTEGER, name TEXT, weight REAL, data BLOB)");
const insert = db.prepare("INSERT INTO items VALUES (?, ?, ?, ?)");
for (let i = 0; i < 300; i++) insert.run([i, `item ${i} \u{1f4e6}`, i / 7, new Uint8Array([i, i >> 1])]);
insert.free();

console.log(JSON.stringify(db.exec("SELECT sum(twice(id)), count(*), max(name), avg(weight) FROM items WHERE id % 3 = 0")));
console.log(JSON.stringify(db.exec("SELECT nested(id), hex(data) FROM items WHERE id BETWEEN 40 AND 42")));
for (const sql of ["SELECT nothing FROM nowhere", "SELECT fail()", "INSERT INTO items VALUES (1)"]) {
  try {
    db.exec(sql);
  } catch (error) {
    console.log(`${sql}: ${error.message}`);
  }
}
console.log(db.export().length);
db.close();
