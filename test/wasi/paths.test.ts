/** Programs reach nothing but what lies below their preopened directories, however they name it. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, before, beforeEach, describe, it } from "mocha";
import { createNodeWasi } from "../../wasi/node.ts";
import { Errno } from "../../wasi/preview1.ts";
import { Driver, driverModule, Sandbox } from "./driver.ts";

const DIR_FD = 3;
const O_CREAT = 1;
const O_DIRECTORY = 2;
const READ = 0x2n;
const WRITE = 0x40n;
const PATH_OPEN = 0x2000n;

describe("paths of WASI programs", () => {
  let module: Uint8Array;
  let sandbox: Sandbox;
  let driver: Driver;

  before(async () => {
    module = await driverModule();
  });

  beforeEach(() => {
    sandbox = new Sandbox();
    mkdirSync(join(sandbox.dir, "sub"));
    mkdirSync(join(sandbox.root, "outside"));
    writeFileSync(join(sandbox.root, "outside", "secret"), "secret");
    writeFileSync(join(sandbox.dir, "sub", "inside"), "inside");
    symlinkSync(join(sandbox.root, "outside"), join(sandbox.dir, "absolute"));
    symlinkSync("../outside", join(sandbox.dir, "relative"));
    symlinkSync("../outside/secret", join(sandbox.dir, "file"));
    symlinkSync("../outside/new", join(sandbox.dir, "dangling"));
    symlinkSync("sub", join(sandbox.dir, "good"));
    symlinkSync("inside", join(sandbox.dir, "sub", "alias"));
    symlinkSync("loop", join(sandbox.dir, "loop"));
    driver = new Driver(module, sandbox.options);
  });

  afterEach(() => sandbox.remove());

  it("lead to files below the directory, also through links that stay there", () => {
    for (const path of ["sub/inside", "good/inside", "sub/alias", "./sub//inside", "sub/../sub/inside", "good/alias"]) {
      const fd = driver.open(DIR_FD, path, { rights: READ });
      expect(fd, path).to.be.greaterThan(DIR_FD);
      expect(driver.read(fd), path).to.equal("inside");
    }
  });

  it("do not lead out by .., absolute paths or links", () => {
    for (const follow of [true, false]) {
      for (const path of ["../outside/secret", "/etc/passwd", "sub/../../outside/secret", "absolute/secret", "relative/secret", ".."]) {
        expect(driver.open(DIR_FD, path, { follow, rights: READ }), `${path} ${follow}`).to.equal(-Errno.Notcapable);
      }
    }
    expect(driver.open(DIR_FD, "file", { rights: READ })).to.equal(-Errno.Notcapable);
    expect(driver.open(DIR_FD, "absolute", { oflags: O_DIRECTORY })).to.equal(-Errno.Notcapable);
  });

  it("do not follow a link in the last place unless asked to", () => {
    for (const path of ["file", "good", "sub/alias", "dangling"]) {
      expect(driver.open(DIR_FD, path, { follow: false, rights: READ }), path).to.equal(-Errno.Loop);
    }
  });

  it("create nothing outside through a dangling link", () => {
    expect(driver.open(DIR_FD, "dangling", { oflags: O_CREAT, rights: WRITE })).to.equal(-Errno.Notcapable);
    expect(driver.open(DIR_FD, "relative/new", { oflags: O_CREAT, rights: WRITE })).to.equal(-Errno.Notcapable);
    expect(existsSync(join(sandbox.root, "outside", "new"))).to.equal(false);
  });

  it("of opened directories are relative to them and do not leave them", () => {
    const sub = driver.open(DIR_FD, "good", { oflags: O_DIRECTORY, rights: READ | PATH_OPEN });
    expect(sub).to.be.greaterThan(DIR_FD);
    expect(driver.read(driver.open(sub, "inside", { rights: READ }))).to.equal("inside");
    expect(driver.open(sub, "../sub/inside", { rights: READ })).to.equal(-Errno.Notcapable);
    expect(driver.errno("fd_renumber", sub, driver.open(DIR_FD, "sub/inside", { rights: READ }))).to.equal(0);
  });

  it("are checked in every call that takes one", () => {
    const length = driver.put(0x100, "relative/x");
    const target = driver.put(0x200, "y");
    expect(driver.errno("path_create_directory", DIR_FD, 0x100, length)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_filestat_get", DIR_FD, 1, 0x100, length, 0x300)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_filestat_set_times", DIR_FD, 1, 0x100, length, 0n, 0n, 0)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_link", DIR_FD, 0, 0x100, length, DIR_FD, 0x200, target)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_link", DIR_FD, 0, 0x200, target, DIR_FD, 0x100, length)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_readlink", DIR_FD, 0x100, length, 0x300, 64, 0x400)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_remove_directory", DIR_FD, 0x100, length)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_rename", DIR_FD, 0x100, length, DIR_FD, 0x200, target)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_rename", DIR_FD, 0x200, target, DIR_FD, 0x100, length)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_symlink", 0x200, target, DIR_FD, 0x100, length)).to.equal(Errno.Notcapable);
    expect(driver.errno("path_unlink_file", DIR_FD, 0x100, length)).to.equal(Errno.Notcapable);
  });

  it("a link that the program makes and moves does not help it out", () => {
    // Valid where it is made, but leading out from where it is moved to.
    const target = driver.put(0x100, "../../outside");
    const link = driver.put(0x200, "sub/deep/link");
    const deep = driver.put(0x300, "sub/deep");
    const moved = driver.put(0x400, "sub/moved");
    expect(driver.errno("path_create_directory", DIR_FD, 0x300, deep)).to.equal(0);
    if (driver.errno("path_symlink", 0x100, target, DIR_FD, 0x200, link) === 0) {
      expect(driver.errno("path_rename", DIR_FD, 0x200, link, DIR_FD, 0x400, moved)).to.equal(0);
      expect(driver.open(DIR_FD, "sub/moved/secret", { rights: READ })).to.equal(-Errno.Notcapable);
    }
  });

  it("that are malformed give an errno", () => {
    expect(driver.open(DIR_FD, "sub\0/inside")).to.equal(-Errno.Inval);
    driver.put(0x100, Uint8Array.of(0xff, 0xfe));
    expect(driver.errno("path_unlink_file", DIR_FD, 0x100, 2)).to.equal(Errno.Ilseq);
    expect(driver.errno("path_unlink_file", DIR_FD, 0x1_fff0, 100)).to.equal(Errno.Fault);
    expect(driver.open(DIR_FD, "loop", { rights: READ })).to.equal(-Errno.Loop);
    expect(driver.open(DIR_FD, "nothing/here")).to.equal(-Errno.Noent);
    expect(driver.open(77, "sub")).to.equal(-Errno.Badf);
  });

  it("need directories that exist", () => {
    const missing = join(sandbox.root, "missing");
    expect(() => createNodeWasi({ preopens: [{ host: missing, guest: "/" }] })).to.throw(
      `cannot use directory ${missing}: it does not exist`,
    );
    const file = join(sandbox.dir, "sub", "inside");
    expect(() => createNodeWasi({ preopens: [{ host: file, guest: "/" }] })).to.throw("it is no directory");
    const twice = { host: sandbox.dir, guest: "/" };
    expect(() => createNodeWasi({ preopens: [twice, twice] })).to.throw("the same guest name");
    expect(readFileSync(file, "utf8")).to.equal("inside");
  });
});
