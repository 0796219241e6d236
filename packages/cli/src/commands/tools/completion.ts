import { command } from "../../command.ts";
import { choice, required } from "../../options.ts";

export const completion = command({
  name: "completion",
  about: "complete words, options and ids in your shell",
  operands: { shell: required(choice(["bash", "zsh", "fish", "powershell"], "your shell", "SHELL")) },
  examples: [["source <(signalbox completion bash)", "in ~/.bashrc"]],
  async run({ out }, { shell }) {
    await out.write(`${shell}\n`);
  },
});
