import * as __import0 from "../embedders/spelling.mjs";
async function instantiate(module, imports = {}) {
  const __module0 = imports["../embedders/spelling.mjs"];
  const adaptedImports = {
    env: Object.setPrototypeOf({
      abort(message, fileName, lineNumber, columnNumber) {
        // ~lib/builtins/abort(~lib/string/String | null?, ~lib/string/String | null?, u32?, u32?) => void
        message = __liftString(message >>> 0);
        fileName = __liftString(fileName >>> 0);
        lineNumber = lineNumber >>> 0;
        columnNumber = columnNumber >>> 0;
        (() => {
          // @external.js
          throw Error(`${message} in ${fileName}:${lineNumber}:${columnNumber}`);
        })();
      },
    }, Object.assign(Object.create(globalThis), imports.env || {})),
    "../embedders/spelling.mjs": Object.setPrototypeOf({
      spell(word) {
        // test/guests/words/spell(~lib/string/String) => ~lib/string/String
        word = __liftString(word >>> 0);
        return __lowerString(__module0.spell(word)) || __notnull();
      },
    }, __module0),
  };
  const { exports } = await WebAssembly.instantiate(module, adaptedImports);
  const memory = exports.memory || imports.env.memory;
  const adaptedExports = Object.setPrototypeOf({
    spellAll(text) {
      // test/guests/words/spellAll(~lib/string/String) => ~lib/string/String
      text = __lowerString(text) || __notnull();
      return __liftString(exports.spellAll(text) >>> 0);
    },
    histogram(text) {
      // test/guests/words/histogram(~lib/string/String) => ~lib/typedarray/Uint32Array
      text = __lowerString(text) || __notnull();
      return __liftTypedArray(Uint32Array, exports.histogram(text) >>> 0);
    },
    mostFrequent(words) {
      // test/guests/words/mostFrequent(~lib/array/Array<~lib/string/String>) => test/guests/words/Counted
      words = __lowerArray((pointer, value) => { __setU32(pointer, __lowerString(value) || __notnull()); }, 4, 2, words) || __notnull();
      return __liftRecord7(exports.mostFrequent(words) >>> 0);
    },
    sum(values, scale) {
      // test/guests/words/sum(~lib/array/Array<f64>, i64) => f64
      values = __lowerArray(__setF64, 9, 3, values) || __notnull();
      scale = scale || 0n;
      return exports.sum(values, scale);
    },
    fail(message) {
      // test/guests/words/fail(~lib/string/String) => void
      message = __lowerString(message) || __notnull();
      exports.fail(message);
    },
  }, exports);
  function __liftRecord7(pointer) {
    // test/guests/words/Counted
    // Hint: Opt-out from lifting as a record by providing an empty constructor
    if (!pointer) return null;
    return {
      word: __liftString(__getU32(pointer + 0)),
      count: __getI32(pointer + 4),
    };
  }
  function __liftString(pointer) {
    if (!pointer) return null;
    const
      end = pointer + new Uint32Array(memory.buffer)[pointer - 4 >>> 2] >>> 1,
      memoryU16 = new Uint16Array(memory.buffer);
    let
      start = pointer >>> 1,
      string = "";
    while (end - start > 1024) string += String.fromCharCode(...memoryU16.subarray(start, start += 1024));
    return string + String.fromCharCode(...memoryU16.subarray(start, end));
  }
  function __lowerString(value) {
    if (value == null) return 0;
    const
      length = value.length,
      pointer = exports.__new(length << 1, 2) >>> 0,
      memoryU16 = new Uint16Array(memory.buffer);
    for (let i = 0; i < length; ++i) memoryU16[(pointer >>> 1) + i] = value.charCodeAt(i);
    return pointer;
  }
  function __lowerArray(lowerElement, id, align, values) {
    if (values == null) return 0;
    const
      length = values.length,
      buffer = exports.__pin(exports.__new(length << align, 1)) >>> 0,
      header = exports.__pin(exports.__new(16, id)) >>> 0;
    __setU32(header + 0, buffer);
    __dataview.setUint32(header + 4, buffer, true);
    __dataview.setUint32(header + 8, length << align, true);
    __dataview.setUint32(header + 12, length, true);
    for (let i = 0; i < length; ++i) lowerElement(buffer + (i << align >>> 0), values[i]);
    exports.__unpin(buffer);
    exports.__unpin(header);
    return header;
  }
  function __liftTypedArray(constructor, pointer) {
    if (!pointer) return null;
    return new constructor(
      memory.buffer,
      __getU32(pointer + 4),
      __dataview.getUint32(pointer + 8, true) / constructor.BYTES_PER_ELEMENT
    ).slice();
  }
  function __notnull() {
    throw TypeError("value must not be null");
  }
  let __dataview = new DataView(memory.buffer);
  function __setU32(pointer, value) {
    try {
      __dataview.setUint32(pointer, value, true);
    } catch {
      __dataview = new DataView(memory.buffer);
      __dataview.setUint32(pointer, value, true);
    }
  }
  function __setF64(pointer, value) {
    try {
      __dataview.setFloat64(pointer, value, true);
    } catch {
      __dataview = new DataView(memory.buffer);
      __dataview.setFloat64(pointer, value, true);
    }
  }
  function __getI32(pointer) {
    try {
      return __dataview.getInt32(pointer, true);
    } catch {
      __dataview = new DataView(memory.buffer);
      return __dataview.getInt32(pointer, true);
    }
  }
  function __getU32(pointer) {
    try {
      return __dataview.getUint32(pointer, true);
    } catch {
      __dataview = new DataView(memory.buffer);
      return __dataview.getUint32(pointer, true);
    }
  }
  return adaptedExports;
}
export const {
  memory,
  __new,
  __pin,
  __unpin,
  __collect,
  __rtti_base,
  spellAll,
  histogram,
  mostFrequent,
  sum,
  fail,
} = await (async url => instantiate(
  await (async () => {
    const isNodeOrBun = typeof process != "undefined" && process.versions != null && (process.versions.node != null || process.versions.bun != null);
    if (isNodeOrBun) { return globalThis.WebAssembly.compile(await (await import("node:fs/promises")).readFile(url)); }
    else { return await globalThis.WebAssembly.compileStreaming(globalThis.fetch(url)); }
  })(), {
    "../embedders/spelling.mjs": __maybeDefault(__import0),
  }
))(new URL("words.wasm", import.meta.url));
function __maybeDefault(module) {
  return typeof module.default === "object" && Object.keys(module).length == 1
    ? module.default
    : module;
}
