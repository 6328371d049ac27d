/** Traces from files, for the commands that read them. */
import { TraceReader } from "../rr/reader.ts";
import { FileStorage } from "./file-storage.ts";

/** Opens a trace, hands it to `use` and closes the file afterwards. */
export async function withTrace<T>(path: string, use: (reader: TraceReader, storage: FileStorage) => Promise<T>): Promise<T> {
  const storage = new FileStorage(path);
  try {
    return await use(await TraceReader.open(storage), storage);
  } finally {
    storage.close();
  }
}
