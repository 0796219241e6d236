/** `signalbox completion`: the script that makes a shell complete words, options, ids and types. */
import { command } from "../../command.ts";
import { SCRIPTS, SHELLS } from "../../completion/scripts.ts";
import { choice, required } from "../../options.ts";

export const completion = command({
  name: "completion",
  about: "print the script with which your shell completes words, options, ids and types",
  details: "Ids and types come from the server, and are kept for 60 seconds. The script says where to put it.",
  operands: { shell: required(choice(SHELLS, "your shell", "SHELL")) },
  examples: [
    ["source <(signalbox completion bash)", "in ~/.bashrc, and with zsh in ~/.zshrc"],
    ["signalbox completion fish > ~/.config/fish/completions/signalbox.fish", "for fish"],
    ["signalbox completion powershell | Out-String | Invoke-Expression", "in the profile of PowerShell"],
  ],
  run: ({ out }, { shell }) => out.write(SCRIPTS[shell]),
});
