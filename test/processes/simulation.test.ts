/** The simulation. Its name puts it before the last files: it takes long, and uses one processor. */
import { runInOneProcess } from "./one-process.ts";

runInOneProcess("test/sim/*.test.ts");
