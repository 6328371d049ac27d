/** Traces from files, for the commands that read them. */
import { TraceError } from "../rr/errors.ts";
import { TraceReader } from "../rr/reader.ts";
import { CliError, ExitCode } from "./errors.ts";
import { FileStorage } from "./file-storage.ts";

/** Opens a trace file, hands it to `use` and closes it afterwards. Throws CliError, with the path, when it is no trace. */
export async function withTrace<T>(path: string, use: (reader: TraceReader, storage: FileStorage) => Promise<T>): Promise<T> {
  const storage = new FileStorage(path);
  try {
    return await use(await openTrace(path, storage), storage);
  } finally {
    storage.close();
  }
}

async function openTrace(path: string, storage: FileStorage): Promise<TraceReader> {
  try {
    return await TraceReader.open(storage);
  } catch (error) {
    if (error instanceof TraceError) throw new CliError(ExitCode.BadTrace, error.code, `${path}: ${error.message}`);
    throw error;
  }
}
